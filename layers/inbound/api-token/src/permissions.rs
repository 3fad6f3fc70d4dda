//! What tokens of a host can do at all.

use towergate_identity::rules::api_token::{BadPermission, MAX_PERMISSIONS, Permission};

/// The permissions that a host names, and what each is, for people. One that is taken off the list is good no more, in whatever
/// token it stands.
///
/// ```
/// use towergate_api_token::PermissionList;
///
/// let list = PermissionList::new([("reports:read", "Read your reports"), ("reports:write", "Change your reports")])?;
/// assert_eq!(list.iter().count(), 2);
/// assert!(PermissionList::new([("*", "Everything")]).is_err());
/// # Ok::<(), towergate_identity::rules::api_token::BadPermission>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct PermissionList(Vec<(Permission, String)>);

impl PermissionList {
    /// These permissions, at most 32, in the order in which people see them. Of two of one name the first one counts.
    ///
    /// # Errors
    /// When one is no permission, or there are more.
    pub fn new<N: AsRef<str>, L: Into<String>>(
        permissions: impl IntoIterator<Item = (N, L)>,
    ) -> Result<Self, BadPermission> {
        let mut list = Self::default();
        for (name, label) in permissions {
            let permission = Permission::parse(name.as_ref())?;
            if list.contains(&permission) {
                continue;
            }
            if list.0.len() >= MAX_PERMISSIONS {
                return Err(BadPermission);
            }
            list.0.push((permission, label.into()));
        }
        Ok(list)
    }

    /// Each, and what it is.
    pub fn iter(&self) -> impl Iterator<Item = (&Permission, &str)> {
        self.0.iter().map(|(permission, label)| (permission, label.as_str()))
    }

    /// Whether the host names it.
    #[must_use]
    pub fn contains(&self, permission: &Permission) -> bool {
        self.0.iter().any(|(named, _)| named == permission)
    }
}
