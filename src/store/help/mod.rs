//! The help as staff have changed it, and what members made of it.

pub mod help_content;
pub mod help_feedback;
