//! towergate-oauth-resource
