//! The program `sekisho`: see [`sekisho::cli`].

fn main() -> std::process::ExitCode {
    sekisho::cli::main()
}
