//! What Linux says of a process, in `/proc`.

use std::time::Duration;

use crate::Result;

/// The CPU time that a process has taken so far: all its threads, in user mode and in the kernel.
pub fn cpu_time(process: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is the program's name, in parentheses and with whatever it contains; `utime` and `stime` are
    // the fields 14 and 15 (proc(5)), in ticks of a hundredth of a second.
    let after_name = stat.rsplit_once(')').ok_or("no name in /proc/…/stat")?.1;
    let mut ticks = 0;
    for field in after_name.split_whitespace().skip(11).take(2) {
        ticks += field.parse::<u64>()?;
    }
    Ok(Duration::from_millis(ticks * 10))
}

/// The memory of a process that is in RAM, in KiB.
pub fn resident_kib(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS in /proc/…/status")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
