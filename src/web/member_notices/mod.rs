//! Portals' notices to members (product.md 1.10): how they are asked for, and how members turn them off.

pub mod api;
pub mod off;
