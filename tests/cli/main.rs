//! The command line, as the program itself: what it says, its exit code, and what it leaves behind.

mod commands;
mod folder;
mod refusals;
mod servers;
