//! The help content as values: questions, categories, the guide, live values.
