//! Which browser on which system a user agent claims to be. A guess for people, by the words that browsers have kept for
//! years; nothing rests on it.

/// Browsers, the more particular before those whose words they borrow.
const BROWSERS: [(&str, &str); 16] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Opera", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Vivaldi", "Vivaldi"),
    ("YaBrowser", "Yandex Browser"),
    ("DuckDuckGo", "DuckDuckGo"),
    ("FxiOS", "Firefox"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("HeadlessChrome", "Chrome"),
    ("Chromium", "Chromium"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("MSIE", "Internet Explorer"),
    ("Trident", "Internet Explorer"),
];

/// Systems, in the same order.
const SYSTEMS: [(&str, &str); 11] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Macintosh", "macOS"),
    ("FreeBSD", "FreeBSD"),
    ("OpenBSD", "OpenBSD"),
    ("Linux", "Linux"),
    ("X11", "Unix"),
];

/// A user agent in words. What it does not say is not made up.
#[must_use]
pub fn describe(agent: &str) -> String {
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(word, _)| agent.contains(word)).map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        // A program: by the name that it gives itself.
        (None, None) => {
            let name: String = agent.chars().take_while(|c| !"/( ".contains(*c)).take(40).collect();
            if name.is_empty() { String::from("An unknown device") } else { name }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_from_those_whose_words_they_borrow() {
        const WIN: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
        const WEBKIT: &str = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (agent, words) in [
            (format!("{WIN} {WEBKIT} Chrome/126.0.0.0 Safari/537.36"), "Chrome on Windows"),
            (format!("{WIN} {WEBKIT} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0"), "Edge on Windows"),
            (format!("{WIN} {WEBKIT} Chrome/126.0 Safari/537.36 OPR/112.0"), "Opera on Windows"),
            (
                String::from("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
                "Firefox on Linux",
            ),
            (
                String::from(
                    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
                ),
                "Safari on macOS",
            ),
            (
                String::from(
                    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0 Mobile/15E148 Safari/604.1",
                ),
                "Chrome on iPhone",
            ),
            (
                String::from(
                    "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0 Mobile Safari/537.36",
                ),
                "Samsung Internet on Android",
            ),
            (String::from("curl/8.5.0"), "curl"),
            (String::from("Mozilla/5.0 (Windows NT 10.0)"), "Windows"),
            (String::from("(?)"), "An unknown device"),
        ] {
            assert_eq!(describe(&agent), words, "{agent}");
        }
    }
}
