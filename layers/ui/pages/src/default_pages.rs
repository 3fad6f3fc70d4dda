//! The pages and the one style element they share.

use std::sync::Arc;

use askama::Template;
use base64::{Engine, engine::general_purpose::STANDARD};
use towergate_core::Digest;

use crate::theme::{self, InvalidTheme};

const STYLE: &str = include_str!("../templates/style.css");

/// Every default page, in one look. Cheap to clone.
#[derive(Debug, Clone)]
pub struct DefaultPages {
    style: Arc<str>,
    source: Arc<str>,
    site: Option<Arc<str>>,
}

impl Default for DefaultPages {
    fn default() -> Self {
        Self::new()
    }
}

impl DefaultPages {
    /// The pages in their own colours.
    #[must_use]
    pub fn new() -> Self {
        Self { style: "".into(), source: "".into(), site: None }.with_style(STYLE)
    }

    /// The pages with the name of the site on top and in their titles, so that people know who asks.
    #[must_use]
    pub fn with_site_name(self, name: &str) -> Self {
        Self { site: Some(name.into()), ..self }
    }

    /// The pages with other values of the style sheet's variables, in light and in dark.
    ///
    /// # Errors
    /// When there is no such variable, or a value is not a plain colour, length or list of fonts.
    pub fn with_css_variables<'a>(
        self,
        variables: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, InvalidTheme> {
        let declarations = theme::declarations(variables)?;
        let style = format!("{}:root{{{declarations}}}\n", self.style);
        Ok(self.with_style(&style))
    }

    /// The pages with other values of the style sheet's variables for those who prefer dark.
    ///
    /// # Errors
    /// As for [`DefaultPages::with_css_variables`].
    pub fn with_dark_css_variables<'a>(
        self,
        variables: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, InvalidTheme> {
        let declarations = theme::declarations(variables)?;
        let rule = format!("@media (prefers-color-scheme: dark){{:root{{{declarations}}}}}\n");
        let style = format!("{}{rule}", self.style);
        Ok(self.with_style(&style))
    }

    /// A page of the host in the same look: `title` is text, `body` is HTML and is not escaped.
    #[must_use]
    pub fn document(&self, title: &str, body: &str) -> String {
        render(&Document { look: self, title, body })
    }

    /// The source expression that allows the pages' style in a content security policy: `'sha256-…'`.
    #[must_use]
    pub fn style_source(&self) -> &str {
        &self.source
    }

    pub(crate) fn style(&self) -> &str {
        &self.style
    }

    pub(crate) fn site(&self) -> Option<&str> {
        self.site.as_deref()
    }

    fn with_style(self, style: &str) -> Self {
        let digest = STANDARD.encode(Digest::of(style.as_bytes()).as_bytes());
        Self { style: style.into(), source: format!("'sha256-{digest}'").into(), ..self }
    }
}

#[derive(Template)]
#[template(path = "document.html")]
struct Document<'a> {
    look: &'a DefaultPages,
    title: &'a str,
    body: &'a str,
}

/// Renders into a string, which cannot fail; if it did, the reader would still get a page.
pub(crate) fn render(template: &impl Template) -> String {
    template.render().unwrap_or_else(|_| {
        String::from(
            "<!DOCTYPE html><html lang=\"en\"><title>Something went wrong</title><h1>Something went wrong</h1>",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_element_is_the_one_that_the_policy_allows() {
        for pages in [
            DefaultPages::new(),
            DefaultPages::new().with_css_variables([("--tg-accent", "#123456")]).unwrap(),
        ] {
            let html = pages.document("t", "b");
            let style = html.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
            let digest = STANDARD.encode(Digest::of(style.as_bytes()).as_bytes());
            assert_eq!(pages.style_source(), format!("'sha256-{digest}'"));
        }
    }

    #[test]
    fn a_site_is_named_on_the_page_and_in_its_title() {
        let html = DefaultPages::new().with_site_name("Trees & co").document("Hello", "");
        assert!(html.contains("<title>Hello · Trees &#38; co</title>"), "{html}");
        assert!(html.contains("<p class=\"site\">Trees &#38; co</p>"), "{html}");
        assert!(!DefaultPages::new().document("Hello", "").contains("class=\"site\""));
    }

    #[test]
    fn a_title_is_text() {
        assert!(DefaultPages::new().document("<b>", "").contains("<title>&#60;b&#62;</title>"));
    }
}
