/// Opens the span of work that the house does itself: `work_span!("towergate.session", outcome = Empty)`, at the level `debug`
/// under the target `towergate::span`. The crate that asks depends on `tracing`.
///
/// Where nobody listens at that level, it costs the look at one flag. `debug_span!` alone would still go through the bridge to
/// the crate `log`, wherever another crate has switched it on.
#[macro_export]
macro_rules! work_span {
    ($($span:tt)*) => {
        if ::tracing::level_filters::LevelFilter::current() >= ::tracing::level_filters::LevelFilter::DEBUG {
            ::tracing::debug_span!(target: "towergate::span", $($span)*)
        } else {
            ::tracing::Span::none()
        }
    };
}
