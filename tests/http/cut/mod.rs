//! Each verb is cut off at every await of its caller: what it began stands whole, or not at all.

mod protocol_answers;
mod staff;
