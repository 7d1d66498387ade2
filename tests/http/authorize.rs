//! `/authorize`.
