//! Builds again when a file is added to a folder that becomes part of the program; the compiler itself only notices
//! changes of the files it has seen.

fn main() {
    println!("cargo:rerun-if-changed=config/help");
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=templates");
}
