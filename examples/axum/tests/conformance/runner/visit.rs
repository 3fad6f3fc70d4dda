//! Somebody at a browser that follows redirects and fills in forms by their names and buttons, until it arrives.

use std::{collections::BTreeMap, time::Duration};

use http::Method;
use url::{Url, form_urlencoded};

use super::{
    browser::{Browser, Page},
    op::{EMAIL, Op, PASSWORD},
};

/// Where a visit ended, and what was filled in on the way.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) end: End,
    /// `login`, `consent` and `logout`, as often as they were shown.
    pub(crate) shown: Vec<&'static str>,
    /// The text of those pages, in order.
    pub(crate) pages: Vec<String>,
}

#[derive(Debug)]
pub(crate) enum End {
    /// At the suite's site.
    Back(Back),
    /// On a page that asks nothing.
    Page(Page),
}

/// How the browser came to the suite's site.
#[derive(Debug, Clone)]
pub(crate) struct Back {
    pub(crate) url: Url,
    pub(crate) by_post: bool,
    pub(crate) params: BTreeMap<String, String>,
}

impl Visit {
    pub(crate) fn back(&self) -> &Back {
        match &self.end {
            End::Back(back) => back,
            End::Page(page) => panic!("{} at {}: {}", page.status, page.url, page.text),
        }
    }

    /// The page that is left standing, for a person to read.
    pub(crate) fn page(&self) -> &Page {
        match &self.end {
            End::Page(page) => page,
            End::Back(back) => panic!("the browser was sent to {} with {:?}", back.url, back.params),
        }
    }
}

/// Opens an address of the provider and does what its pages ask for.
pub(crate) async fn visit(op: &Op, browser: &mut Browser, url: Url) -> Visit {
    let page = browser.send(Method::GET, url, &[], "").await;
    go_on(op, browser, page).await
}

/// Is sent to an address of the provider by a form on the suite's site, and does what its pages ask for.
pub(crate) async fn visit_by_form(op: &Op, browser: &mut Browser, url: Url, form: &str) -> Visit {
    let headers = [("sec-fetch-site", "cross-site"), ("origin", op.site.origin.as_str())];
    let page = browser.send(Method::POST, url, &headers, form).await;
    go_on(op, browser, page).await
}

async fn go_on(op: &Op, browser: &mut Browser, mut page: Page) -> Visit {
    let mut shown = Vec::new();
    let mut pages = Vec::new();
    for _ in 0..15 {
        if let Some(url) = page.redirect() {
            if let Some(back) = by_redirect(op, &url) {
                return Visit { end: End::Back(back), shown, pages };
            }
            page = browser.send(Method::GET, url, &[], "").await;
            continue;
        }
        let has = |id: &str| page.text.contains(&format!("id=\"{id}\""));
        let (name, fields): (_, &[(&str, &str)]) = if has("login-submit") {
            ("login", &[("email", EMAIL), ("password", PASSWORD)])
        } else if has("consent-allow") {
            ("consent", &[("remember", "on"), ("decision", "allow")])
        } else if has("logout-confirm") {
            ("logout", &[("decision", "logout")])
        } else {
            let end = by_form(op, &page).map_or_else(|| End::Page(page), End::Back);
            return Visit { end, shown, pages };
        };
        // Nobody fills in a form in no time.
        op.clock.advance(Duration::from_millis(1));
        shown.push(name);
        pages.push(page.text.clone());
        page = browser.try_submit(&page, fields).await.unwrap();
    }
    panic!("this has no end: {shown:?}");
}

fn by_redirect(op: &Op, url: &Url) -> Option<Back> {
    let is_ours = url.as_str().starts_with(&op.site.origin);
    is_ours.then(|| Back { url: url.clone(), by_post: false, params: pairs(url.query().unwrap_or_default()) })
}

/// A page whose form leads to the suite's site, and which posts itself.
fn by_form(op: &Op, page: &Page) -> Option<Back> {
    if !page.text.contains("<form ") {
        return None;
    }
    let (action, form) = page.filled_in(&[]);
    let is_ours = action.as_str().starts_with(&op.site.origin) && page.text.contains("method=\"post\"");
    is_ours.then(|| Back { params: pairs(&form), url: action, by_post: true })
}

fn pairs(text: &str) -> BTreeMap<String, String> {
    let mut params = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()).into_owned() {
        assert!(params.insert(name.clone(), value).is_none(), "{name} is there twice: {text}");
    }
    params
}
