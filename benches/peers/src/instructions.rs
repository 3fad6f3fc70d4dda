//! Instructions of the hot paths, counted by callgrind: each is walked in a function of its own name.

use std::{env, hint::black_box, process::Command};

use crate::{
    row::{Part, scratch},
    rows::{
        bearer::{Api, asks},
        tokens::{Endpoints, NO_ID_TOKEN, for_itself},
    },
    stacks::{self, AXUM_LOGIN, BARE, FULL, SESSION, TOWER_SESSIONS},
};

/// How often each is walked.
const TIMES: u64 = 300;
const OPAQUE: &str = "client_credentials, opaque";
const JWT: &str = "client_credentials, JWT";
const REFRESH: &str = "refresh, JWT";
const CALL_OPAQUE: &str = "API call, opaque token";
const CALL_JWT: &str = "API call, JWT";

/// Takes a step so often.
type Walk = fn(&mut dyn FnMut());

macro_rules! walks {
    ($($function:ident $name:ident;)*) => {
        $(
            #[inline(never)]
            fn $function(step: &mut dyn FnMut()) {
                for _ in 0..TIMES {
                    step();
                }
                // Two functions that do the same become one, unless they differ.
                black_box(stringify!($function));
            }
        )*
        const WALKS: &[(&str, &str, Walk)] = &[$((stringify!($function), $name, $function),)*];
    };
}

walks! {
    walk_bare BARE;
    walk_session_layer SESSION;
    walk_full_stack FULL;
    walk_tower_sessions TOWER_SESSIONS;
    walk_axum_login AXUM_LOGIN;
    walk_token_opaque OPAQUE;
    walk_token_jwt JWT;
    walk_refresh REFRESH;
    walk_call_opaque CALL_OPAQUE;
    walk_call_jwt CALL_JWT;
}

/// Counts all of them.
///
/// # Panics
/// Without valgrind.
#[must_use]
pub fn measure() -> Part {
    let folder = scratch();
    let file = folder.path().join("callgrind.out");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--quiet"]).arg(format!("--callgrind-out-file={}", file.display()));
    let status =
        valgrind.arg(env::current_exe().expect("this program")).arg("walk").status().expect("valgrind");
    assert!(status.success(), "valgrind ended with {status}");
    let annotate =
        Command::new("callgrind_annotate").args(["--inclusive=yes", "--threshold=100"]).arg(&file).output();
    let told = annotate.expect("callgrind_annotate").stdout;
    let told = String::from_utf8_lossy(&told);
    let mut text = String::from(
        "## Instructions\n\nOf one request, as callgrind counts them. Its processor has no instructions for hashes, so those are counted as \
         the programs that stand in for them.\n\n| path | instructions |\n|---|---|\n",
    );
    for (function, name, _) in WALKS {
        let line = told.lines().find(|line| line.contains(&format!("::{function}")));
        let count =
            line.and_then(|line| line.split_whitespace().next()?.replace(',', "").parse::<u64>().ok());
        let count = count.map_or_else(|| String::from("not counted"), |count| (count / TIMES).to_string());
        eprintln!("  {name}: {count}");
        text.push_str(&format!("| {name} | {count} |\n"));
    }
    Part { text, ..Part::default() }
}

/// What the program does that is counted; one of them alone, for whoever looks into it.
pub fn walk(only: Option<&str>) {
    let mut pages = stacks::all();
    let (api, endpoints) = (Api::new(), Endpoints::new());
    let [jwt, opaque] = ["jwt", "opaque"].map(|client| api.issue(client));
    for (_, name, walk) in WALKS.iter().filter(|(_, name, _)| only.is_none_or(|only| only == *name)) {
        let mut step: Box<dyn FnMut()> = match *name {
            OPAQUE => Box::new(|| drop(black_box(endpoints.ask(for_itself("opaque"))))),
            JWT => Box::new(|| drop(black_box(endpoints.ask(for_itself("jwt"))))),
            REFRESH => Box::new(|| endpoints.keep(endpoints.ask(endpoints.refresh(NO_ID_TOKEN)))),
            CALL_OPAQUE => Box::new(|| drop(black_box(api.check(asks(&opaque))))),
            CALL_JWT => Box::new(|| drop(black_box(api.check(asks(&jwt))))),
            _ => {
                let Some(page) = pages.iter_mut().find(|page| page.name == *name) else { continue };
                Box::new(|| {
                    let request = page.request(true);
                    drop(black_box((page.call)(request)));
                })
            }
        };
        for _ in 0..TIMES / 10 {
            step();
        }
        walk(&mut *step);
    }
}
