//! By which means somebody proved who they are, taken together.

use std::{fmt, ops::Deref};

use super::login_proof::Method;

const EVERY: usize = Method::ALL.len();

/// The means by which somebody proved who they are: each once, in the order in which they were proven. It is as small as it can
/// be, for every session has one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Methods {
    /// Those beyond the count are [`NONE`], so that equal ones are alike.
    list: [Method; EVERY],
    count: u8,
}

/// What stands where there is none.
const NONE: Method = Method::Email;

impl Methods {
    /// Adds one that was proven after the others; nothing where it was proven before.
    pub fn push(&mut self, method: Method) {
        if self.contains(&method) {
            return;
        }
        if let Some(place) = self.list.get_mut(usize::from(self.count)) {
            *place = method;
            self.count += 1;
        }
    }
}

impl Default for Methods {
    /// None.
    fn default() -> Self {
        Self { list: [NONE; EVERY], count: 0 }
    }
}

impl Deref for Methods {
    type Target = [Method];

    fn deref(&self) -> &[Method] {
        self.list.get(..usize::from(self.count)).unwrap_or_default()
    }
}

impl FromIterator<Method> for Methods {
    fn from_iter<I: IntoIterator<Item = Method>>(methods: I) -> Self {
        let mut all = Self::default();
        methods.into_iter().for_each(|method| all.push(method));
        all
    }
}

impl From<&[Method]> for Methods {
    fn from(methods: &[Method]) -> Self {
        methods.iter().copied().collect()
    }
}

impl<const N: usize> From<[Method; N]> for Methods {
    fn from(methods: [Method; N]) -> Self {
        methods.into_iter().collect()
    }
}

impl<const N: usize> PartialEq<[Method; N]> for Methods {
    fn eq(&self, other: &[Method; N]) -> bool {
        **self == *other
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_method_is_there_once_in_the_order_in_which_it_was_proven() {
        let mut methods = Methods::from([Method::Password, Method::Otp, Method::Password]);
        assert_eq!(methods, [Method::Password, Method::Otp]);
        methods.push(Method::Email);
        assert_eq!(methods, [Method::Password, Method::Otp, Method::Email]);
        assert_ne!(methods, Methods::from([Method::Password, Method::Otp]));
        assert_eq!(Methods::default(), []);
    }

    #[test]
    fn all_of_them_find_room() {
        let all: Methods = Method::ALL.into_iter().chain(Method::ALL).collect();
        assert_eq!(all, Method::ALL);
        assert_eq!(size_of::<Methods>(), 8);
    }
}
