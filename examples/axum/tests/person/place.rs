//! A host and its third-party app, on ports of their own.

use std::path::Path;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::net::TcpListener;
use towergate_example_axum::{
    config::Config,
    run::{Framework, Listeners, Running, start},
};

pub(crate) const EMAIL: &str = "alice@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// Where the person goes.
pub(crate) struct Place {
    pub(crate) host: String,
    pub(crate) app: String,
    running: Running,
    folder: TempDir,
}

impl Place {
    pub(crate) async fn new<F: Framework>() -> Self {
        Self::open::<F>("http", "").await
    }

    /// With more in its configuration.
    pub(crate) async fn with<F: Framework>(more: &str) -> Self {
        Self::open::<F>("http", more).await
    }

    /// A provider of accounts elsewhere, and a host whose people sign in by it. A browser tells them apart by name, since its
    /// cookies do not tell ports apart.
    pub(crate) async fn with_provider<F: Framework>() -> (Self, Self) {
        let [provider, host] = [bound().await, bound().await];
        let [provider_port, host_port] = [&provider, &host].map(|socket| socket.local_addr().unwrap().port());
        let secret = "a secret that both of them know well";
        let clients = format!(
            r#"
            [[clients]]
            client_id = "host"
            client_secret = "{secret}"
            redirect_uris = ["http://localhost:{host_port}/social/example/callback"]
            scope = "openid email profile"
            "#
        );
        let providers = format!(
            r#"
            [outbound]
            danger_allow_loopback = true
            [[providers]]
            name = "example"
            label = "Example"
            issuer = "http://127.0.0.1:{provider_port}"
            client_id = "host"
            client_secret = "{secret}"
            "#
        );
        (
            Self::on::<F>((provider, "http://127.0.0.1"), &clients).await,
            Self::on::<F>((host, "http://localhost"), &providers).await,
        )
    }

    /// With a certificate that nobody but the third-party app trusts.
    pub(crate) async fn with_tls<F: Framework>() -> Self {
        Self::open::<F>("https", "").await
    }

    /// The same, with more in its configuration.
    pub(crate) async fn with_tls_and<F: Framework>(more: &str) -> Self {
        Self::open::<F>("https", more).await
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.host)
    }

    pub(crate) async fn close(self) {
        self.running.stop().await;
        self.folder.close().unwrap();
    }

    async fn open<F: Framework>(scheme: &str, more: &str) -> Self {
        Self::on::<F>((bound().await, &format!("{scheme}://localhost")), more).await
    }

    async fn on<F: Framework>((host, at): (TcpListener, &str), more: &str) -> Self {
        let app = bound().await;
        let [host_port, app_port] = [&host, &app].map(|socket| socket.local_addr().unwrap().port());
        let folder = tempfile::tempdir().unwrap();
        let tls = if at.starts_with("https:") { certificate(folder.path()) } else { String::new() };
        let toml = format!(
            r#"
            addr = "127.0.0.1:{host_port}"
            issuer = "{at}:{host_port}"
            database = "memory:"
            {tls}
            [[users]]
            email = "{EMAIL}"
            password = "{PASSWORD}"
            name = "Alice Adams"
            [[clients]]
            client_id = "form"
            token_endpoint_auth_method = "none"
            redirect_uris = ["http://127.0.0.1/callback"]
            scope = "openid"
            [demo]
            enabled = true
            addr = "127.0.0.1:{app_port}"
            {more}
            "#
        );
        let config = Config::parse("test.toml", &toml).unwrap();
        let running = start::<F>(config, Listeners::from_parts(host, Some(app))).await.unwrap();
        let (host, app) = (format!("{at}:{host_port}"), format!("http://localhost:{app_port}"));
        Self { host, app, running, folder }
    }
}

async fn bound() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// Writes a certificate for `localhost` and its key, and answers the section that names them.
fn certificate(folder: &Path) -> String {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed([String::from("localhost")]).unwrap();
    let (cert_file, key_file) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&cert_file, cert.pem()).unwrap();
    std::fs::write(&key_file, signing_key.serialize_pem()).unwrap();
    format!("[tls]\ncert = {:?}\nkey = {:?}", cert_file.to_str().unwrap(), key_file.to_str().unwrap())
}
