//! Copies of rows, made by the database alone.

/// A table that is filled.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// Which row is copied.
    pub(super) template: Template,
    /// The columns that differ from copy to copy.
    pub(super) fresh: &'static [(&'static str, Fresh)],
}

/// A row of the house's own, to be copied.
#[derive(Clone, Copy)]
pub(super) enum Template {
    User,
    Session,
    AccessToken,
    Grant,
    RefreshToken,
    Client,
}

/// What a column holds in the copy number `i`.
#[derive(Clone, Copy)]
pub(super) enum Fresh {
    /// The identifier of this kind.
    Id(u8),
    /// The same as text.
    IdText(u8),
    /// A text with the number between these.
    Text(&'static str, &'static str),
    /// The cheap hash of the usual password.
    Password,
}

pub(super) const USER: u8 = 1;
pub(super) const SESSION: u8 = 2;
const SIGN_IN: u8 = 3;
pub(super) const ACCESS_TOKEN: u8 = 4;
const GRANT: u8 = 5;
pub(super) const REFRESH_TOKEN: u8 = 6;

/// Parents first.
pub(super) const TABLES: [Table; 6] = [
    Table {
        name: "towergate_users",
        template: Template::User,
        fresh: &[
            ("id", Fresh::Id(USER)),
            ("email", Fresh::Text("u", "@example.com")),
            ("password", Fresh::Password),
        ],
    },
    Table {
        name: "towergate_sessions",
        template: Template::Session,
        fresh: &[("id", Fresh::Id(SESSION)), ("sign_in", Fresh::Id(SIGN_IN)), ("user_id", Fresh::Id(USER))],
    },
    Table {
        name: "towergate_access_tokens",
        template: Template::AccessToken,
        fresh: &[("id", Fresh::Id(ACCESS_TOKEN))],
    },
    Table {
        name: "towergate_grants",
        template: Template::Grant,
        fresh: &[("id", Fresh::Id(GRANT)), ("subject", Fresh::IdText(USER)), ("sid", Fresh::IdText(SIGN_IN))],
    },
    Table {
        name: "towergate_refresh_tokens",
        template: Template::RefreshToken,
        fresh: &[("id", Fresh::Id(REFRESH_TOKEN)), ("grant_id", Fresh::Id(GRANT))],
    },
    Table { name: "towergate_clients", template: Template::Client, fresh: &[("id", Fresh::Text("c", ""))] },
];

/// The rows that are copied, as conditions.
pub(super) struct Templates {
    pub(super) session: [u8; 16],
    pub(super) access_token: [u8; 16],
    pub(super) refresh_token: [u8; 16],
    pub(super) password: String,
}

/// Before what the house itself makes.
const FIRST: u64 = 1_700_000_000_000;

/// The identifier of the copy number `i` of this kind, in hexadecimal: ordered by time as the house's own are.
pub(super) fn hexadecimal(kind: u8, i: u64) -> String {
    format!("{:012x}70{kind:02x}8{i:015x}", FIRST + i)
}

/// A database from the inside.
pub(super) trait Database {
    /// A runtime that its store works in.
    fn runtime(&self) -> tokio::runtime::Runtime;

    /// Runs statements.
    fn run(&mut self, statements: &str);

    /// The columns of a table.
    fn columns(&mut self, table: &str) -> Vec<String>;

    /// The bytes of a table with its indexes, or of everything where tables are not told apart.
    fn size(&mut self, table: &str) -> u64;

    /// Writes the number `i` in hexadecimal, so many digits.
    fn digits(&self, number: &str, digits: u8) -> String;

    /// Makes an identifier of an expression of 32 hexadecimal digits.
    fn identifier(&self, hexadecimal: &str) -> String;

    /// Makes text with hyphens of it.
    fn text(&self, hexadecimal: &str) -> String;

    /// A literal of an identifier.
    fn literal(&self, id: &[u8; 16]) -> String;

    /// A table `numbers` with a column `i`, from and below.
    fn numbers(&self, from: u64, to: u64) -> (String, String);

    /// Brings statistics and files in order, as time would.
    fn settle(&mut self);

    /// Copies the template until there are so many; answers the bytes of one of them.
    fn fill(&mut self, table: &Table, templates: &Templates, from: u64, to: u64) -> f64 {
        /// Few enough for one transaction.
        const PART: u64 = 50_000;
        let before = self.size(table.name);
        let mut start = from;
        while start < to {
            let end = (start + PART).min(to);
            let statement = self.copies(table, templates, &[], start, end);
            self.run(&statement);
            start = end;
        }
        self.size(table.name).saturating_sub(before) as f64 / (to - from) as f64
    }

    /// Access tokens that have expired, under identifiers of their own.
    fn fill_expired(&mut self, templates: &Templates, round: u64, count: u64) {
        let table = Table { fresh: &[("id", Fresh::Id(7))], ..TABLES[2] };
        let first = (round + 1) << 40;
        let statement = self.copies(&table, templates, &[("expires_at", "1")], first, first + count);
        self.run(&statement);
    }

    /// The statement that copies.
    fn copies(
        &mut self,
        table: &Table,
        templates: &Templates,
        fixed: &[(&str, &str)],
        from: u64,
        to: u64,
    ) -> String {
        let columns = self.columns(table.name);
        let values: Vec<String> = columns
            .iter()
            .map(|column| {
                if let Some((_, value)) = fixed.iter().find(|(name, _)| name == column) {
                    return (*value).to_owned();
                }
                match table.fresh.iter().find(|(name, _)| name == column) {
                    Some((_, fresh)) => self.fresh(*fresh, templates),
                    None => format!("template.{column}"),
                }
            })
            .collect();
        let condition = match table.template {
            Template::User => String::from("email = 'alice@example.com'"),
            Template::Session => format!("id = {}", self.literal(&templates.session)),
            Template::AccessToken => format!("id = {}", self.literal(&templates.access_token)),
            Template::RefreshToken => format!("id = {}", self.literal(&templates.refresh_token)),
            Template::Grant => {
                let token = self.literal(&templates.refresh_token);
                format!("id = (SELECT grant_id FROM towergate_refresh_tokens WHERE id = {token})")
            }
            Template::Client => String::from("id = 'robot'"),
        };
        let (with, numbers) = self.numbers(from, to);
        format!(
            "INSERT INTO {name} ({}) {with} SELECT {} FROM {numbers}, (SELECT * FROM {name} WHERE {condition}) AS template",
            columns.join(", "),
            values.join(", "),
            name = table.name
        )
    }

    /// The value of a column that differs.
    fn fresh(&self, fresh: Fresh, templates: &Templates) -> String {
        let hexadecimal = |kind: u8| {
            let time = self.digits(&format!("({FIRST} + i)"), 12);
            format!("({time} || '70{kind:02x}8' || {})", self.digits("i", 15))
        };
        match fresh {
            Fresh::Id(kind) => self.identifier(&hexadecimal(kind)),
            Fresh::IdText(kind) => self.text(&hexadecimal(kind)),
            Fresh::Text(before, after) => format!("'{before}' || i || '{after}'"),
            Fresh::Password => format!("'{}'", templates.password),
        }
    }
}
