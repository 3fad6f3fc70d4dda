//! Values of the style sheet's variables, checked so that they cannot end the declaration they stand in.

/// The variables that the style sheet reads.
const VARIABLES: [&str; 12] = [
    "--tg-background",
    "--tg-surface",
    "--tg-text",
    "--tg-muted",
    "--tg-line",
    "--tg-field",
    "--tg-accent",
    "--tg-on-accent",
    "--tg-danger",
    "--tg-danger-surface",
    "--tg-radius",
    "--tg-font",
];

/// The longest value, in bytes.
const MAX_LENGTH: usize = 200;

/// A theme that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTheme {
    /// The style sheet has no such variable.
    #[error("no such variable: {name}; there are {}", VARIABLES.join(", "))]
    UnknownVariable {
        /// What was asked for.
        name: String,
    },
    /// The value is not a plain colour, length or list of fonts.
    #[error("the value of {name} may hold letters, digits, spaces and # % . , ( ) + - / only")]
    UnsafeValue {
        /// The variable.
        name: String,
    },
}

/// The declarations, ready to stand inside a rule.
pub(crate) fn declarations<'a>(
    variables: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<String, InvalidTheme> {
    let mut css = String::new();
    for (name, value) in variables {
        if !VARIABLES.contains(&name) {
            return Err(InvalidTheme::UnknownVariable { name: name.to_owned() });
        }
        if !is_plain(value) {
            return Err(InvalidTheme::UnsafeValue { name: name.to_owned() });
        }
        css.extend([name, ":", value, ";"]);
    }
    Ok(css)
}

fn is_plain(value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" #%.,()+-/".contains(&byte);
    let comment = value.contains("/*");
    let loads = value.to_ascii_lowercase().contains("url(");
    !value.trim().is_empty() && value.len() <= MAX_LENGTH && value.bytes().all(plain) && !comment && !loads
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_colours_lengths_and_fonts_pass() {
        for (name, value) in [
            ("--tg-accent", "#7a1fa2"),
            ("--tg-accent", "rgb(10 20 30 / 50%)"),
            ("--tg-radius", "0"),
            ("--tg-font", "Georgia, serif"),
        ] {
            assert!(declarations([(name, value)]).is_ok(), "{value}");
        }
    }

    #[test]
    fn a_value_cannot_leave_its_declaration_or_load_anything() {
        let long = "a".repeat(MAX_LENGTH + 1);
        for value in
            ["", " ", "red;", "red}", "</style>", "url(x)", "URL(x)", "/**/", "\\72", "\"x\"", "a:b", &long]
        {
            assert!(declarations([("--tg-accent", value)]).is_err(), "{value}");
        }
        assert!(declarations([("--other", "red")]).is_err());
    }

    #[test]
    fn every_variable_is_read_by_the_style_sheet() {
        let style = include_str!("../templates/style.css");
        for name in VARIABLES {
            assert!(style.contains(&format!("var({name})")), "{name}");
        }
    }
}
