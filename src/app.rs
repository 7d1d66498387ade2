//! The parts that a request may need.
