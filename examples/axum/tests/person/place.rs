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
        let host = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let app = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let [host_port, app_port] = [&host, &app].map(|socket| socket.local_addr().unwrap().port());
        let folder = tempfile::tempdir().unwrap();
        let tls = if scheme == "https" { certificate(folder.path()) } else { String::new() };
        let toml = format!(
            r#"
            addr = "127.0.0.1:{host_port}"
            issuer = "{scheme}://localhost:{host_port}"
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
        let (host, app) =
            (format!("{scheme}://localhost:{host_port}"), format!("http://localhost:{app_port}"));
        Self { host, app, running, folder }
    }
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
