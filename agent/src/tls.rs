//! Which certificate is trusted, and what is said when it is not.

use std::io;
use std::sync::Arc;

use thiserror::Error;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore,
    SignatureScheme,
};

use crate::address::{Address, Fingerprint};

/// A connector that trusts what the address says.
pub(crate) fn connector(address: &Address) -> Result<TlsConnector, Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match address.fingerprint() {
        Some(expected) => Arc::new(Pinned {
            expected,
            provider: Arc::clone(&provider),
        }),
        None => {
            let roots = RootCertStore {
                roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
            };
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .map_err(|error| Error::General(error.to_string()))?
        }
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// A failed handshake in words that say what to do.
pub(crate) fn explain(error: &io::Error, address: &Address) -> String {
    let tls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    match tls {
        Some(Error::InvalidCertificate(CertificateError::Other(OtherError(other)))) => {
            format!("{address}: {other}")
        }
        Some(Error::InvalidCertificate(reason)) => format!(
            "{address}: no public authority vouches for the server's certificate ({reason}); if the \
             server made its certificate itself, the address must end with /#sha256= and its fingerprint"
        ),
        Some(other) => format!("{address} does not speak TLS as an agents' port does: {other}"),
        None => format!("{address}: the line broke during the TLS handshake: {error}"),
    }
}

#[derive(Debug, Error)]
#[error(
    "the server's certificate is not the expected one, so nothing was sent: its fingerprint is {found}, \
     the address says {expected}. Ask the server's owner whether it was changed; if so, take the new address"
)]
struct Mismatch {
    found: Fingerprint,
    expected: Fingerprint,
}

/// Accepts one certificate, whatever name and dates it bears: the address names it.
#[derive(Debug)]
struct Pinned {
    expected: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let found = Fingerprint::of(end_entity);
        if found == self.expected {
            return Ok(ServerCertVerified::assertion());
        }
        let mismatch = Mismatch {
            found,
            expected: self.expected,
        };
        let other = OtherError(Arc::new(mismatch));
        Err(Error::InvalidCertificate(CertificateError::Other(other)))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
