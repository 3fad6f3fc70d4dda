//! Hears all that the crates of the house tell, and from which span.

pub(crate) mod walk;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex},
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
};

/// What was told, and what may not have been.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) spans: Vec<Span>,
    pub(crate) events: Vec<Line>,
    /// No line of any level holds one of these.
    pub(crate) secrets: Vec<String>,
    /// No line at `info` or above holds one of these.
    pub(crate) people: Vec<String>,
    /// The identifiers of people.
    pub(crate) users: Vec<String>,
}

/// A span that was opened.
#[derive(Debug)]
pub(crate) struct Span {
    pub(crate) name: &'static str,
    pub(crate) target: &'static str,
    pub(crate) level: Level,
    pub(crate) parent: Option<&'static str>,
    pub(crate) declared: BTreeSet<&'static str>,
    pub(crate) fields: BTreeMap<&'static str, String>,
}

/// A line of the log.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) target: &'static str,
    pub(crate) level: Level,
    pub(crate) fields: BTreeMap<&'static str, String>,
}

/// Writes down what it hears, from every thread.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Told>>);

/// Where a span is written down.
struct At(usize);

impl Ear {
    /// Listens from now on.
    fn everywhere() -> Self {
        let ear = Self::default();
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(ear.clone())).unwrap();
        ear
    }

    fn told(&self) -> Told {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Ear {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target().starts_with("towergate")
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let (metadata, span) = (attributes.metadata(), context.span(id).unwrap());
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let mut told = self.0.lock().unwrap();
        span.extensions_mut().insert(At(told.spans.len()));
        told.spans.push(Span {
            name: metadata.name(),
            target: metadata.target(),
            level: *metadata.level(),
            parent: span.parent().map(|parent| parent.name()),
            declared: metadata.fields().iter().map(|field| field.name()).collect(),
            fields: fields.0,
        });
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        let At(at) = *span.extensions().get().unwrap();
        let mut fields = Fields::default();
        record.record(&mut fields);
        self.0.lock().unwrap().spans[at].fields.extend(fields.0);
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let (target, level) = (event.metadata().target(), *event.metadata().level());
        self.0.lock().unwrap().events.push(Line { target, level, fields: fields.0 });
    }
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}
