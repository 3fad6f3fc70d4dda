//! Laws of signing out.
