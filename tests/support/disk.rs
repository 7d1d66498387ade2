//! A disk so small that a test can fill it.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

const FOLDER: &str = "TEST_DISK";

pub struct Disk(PathBuf);

impl Disk {
    /// Runs the test of this name again, in a process that has such a disk to itself; it goes with the process. `None` once
    /// that has succeeded; in the process itself, the disk.
    pub fn for_test(name: &str) -> Option<Disk> {
        if let Some(folder) = std::env::var_os(FOLDER) {
            return Some(Disk(folder.into()));
        }
        let folder = tempfile::tempdir().unwrap();
        let mount = r#"mount -t tmpfs -o size=6m none "$TEST_DISK" && exec "$@""#;
        let done = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"])
            .arg(std::env::current_exe().unwrap())
            .args([name, "--exact", "--nocapture"])
            .env(FOLDER, folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&done.stderr));
        None
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// To the last byte.
    pub fn fill(&self) {
        let mut file = File::options().create(true).append(true).open(self.0.join("filler")).unwrap();
        for size in [65_536, 4_096, 1] {
            loop {
                match file.write_all(&vec![0; size]) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    pub fn make_room(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}
