//! The agents' port's certificate: made on the first start, or given.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, ensure};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};

use crate::folder::Folder;

/// In the data folder, where none is given.
const CERTIFICATE: &str = "agents-cert.pem";
const KEY: &str = "agents-key.pem";

/// A certificate and its key.
#[derive(Debug)]
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// The given files' or the data folder's, which is made where there is none.
    ///
    /// # Errors
    /// When a file can't be read or is no PEM.
    pub fn open(folder: &Folder, given: Option<&(PathBuf, PathBuf)>) -> anyhow::Result<Self> {
        let Some((certificate, key)) = given else {
            return Self::own(folder);
        };
        let read = |path: &PathBuf, option: &str| {
            std::fs::read_to_string(path)
                .with_context(|| format!("can't read {option} {}", path.display()))
        };
        let certificate = read(certificate, "--tls-cert")?;
        let key = read(key, "--tls-key")?;
        Self::parse(&certificate, &key).context("in --tls-cert or --tls-key")
    }

    fn own(folder: &Folder) -> anyhow::Result<Self> {
        if let (Some(certificate), Some(key)) = (folder.read(CERTIFICATE)?, folder.read(KEY)?) {
            return Self::parse(&certificate, &key)
                .with_context(|| format!("in {}", folder.path().display()));
        }
        // Clients know it by its fingerprint, so the name in it is but a label.
        let made = rcgen::generate_simple_self_signed(["holdfast".to_owned()])?;
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        folder.write(KEY, &key)?;
        folder.write(CERTIFICATE, &certificate)?;
        Self::parse(&certificate, &key)
    }

    fn parse(certificate: &str, key: &str) -> anyhow::Result<Self> {
        let chain = CertificateDer::pem_slice_iter(certificate.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .context("the certificate is no PEM file")?;
        ensure!(!chain.is_empty(), "there is no certificate in the file");
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
            .context("there is no private key in the file")?;
        Ok(Self { chain, key })
    }

    /// The certificate's SHA-256 in hex, by which agents' clients know the server.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let hash = Sha256::digest(self.chain.first().map_or(&[][..], AsRef::as_ref));
        hash.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// What a TLS server needs.
    ///
    /// # Errors
    /// When key and certificate don't belong together.
    pub fn server_config(self) -> anyhow::Result<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_no_client_auth()
            .with_single_cert(self.chain, self.key)
            .context("the certificate and its key don't belong together")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_made_once() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let first = Identity::open(&folder, None).unwrap();
        let again = Identity::open(&folder, None).unwrap();
        assert_eq!(first.fingerprint(), again.fingerprint());
        assert_eq!(first.fingerprint().len(), 64);
        assert!(again.server_config().is_ok());
    }

    #[test]
    fn given_files_are_taken_and_checked() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let own = Identity::open(&folder, None).unwrap();
        let files = (place.path().join(CERTIFICATE), place.path().join(KEY));
        let given = Identity::open(&folder, Some(&files)).unwrap();
        assert_eq!(given.fingerprint(), own.fingerprint());
        let swapped = (files.1, files.0);
        let error = Identity::open(&folder, Some(&swapped)).unwrap_err();
        assert!(format!("{error:#}").contains("--tls-cert"), "{error:#}");
    }
}
