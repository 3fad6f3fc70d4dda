//! What the application shows.

use askama::Template;

use super::{Settings, step::Step};

pub(super) fn front(settings: &Settings) -> String {
    render(&Front { settings })
}

pub(super) fn outcome(settings: &Settings, steps: &[Step]) -> String {
    let failed = steps.iter().any(|step| step.failed);
    render(&Outcome { settings, steps, failed })
}

#[derive(Template)]
#[template(path = "demo/front.html")]
struct Front<'a> {
    settings: &'a Settings,
}

#[derive(Template)]
#[template(path = "demo/outcome.html")]
struct Outcome<'a> {
    settings: &'a Settings,
    steps: &'a [Step],
    failed: bool,
}

fn render(page: &impl Template) -> String {
    page.render().unwrap_or_else(|_| String::from("The page could not be drawn."))
}
