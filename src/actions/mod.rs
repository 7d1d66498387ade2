//! Verbs with several entrances.
