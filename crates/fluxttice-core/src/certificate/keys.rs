//! Ed25519 keys in PEM files, as OpenSSL writes and reads them.

use std::fmt;
use std::path::{Path, PathBuf};

use ed25519_dalek::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes,
    spki::der::pem::LineEnding,
};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use super::error::CertificateError;
use crate::digest::hex;
use crate::run::{Disk, files};
use crate::shown::shown;

/// Largest key file that is read, in bytes.
const LIMIT: u64 = 64 << 10;

/// A new pair of Ed25519 keys.
#[derive(Debug)]
pub struct KeyPair {
    /// Private key, which signs.
    pub secret: SecretKey,
    /// Public key, which checks signatures.
    pub public: PublicKey,
}

/// An Ed25519 private key, which signs.
#[derive(Debug)]
pub struct SecretKey(SigningKey);

/// An Ed25519 public key, which checks signatures.
#[derive(Clone, Debug)]
pub struct PublicKey {
    key: VerifyingKey,
    /// File that the key was read from; `None` where it was not read from any.
    file: Option<PathBuf>,
}

impl fmt::Display for PublicKey {
    /// Writes the digest of the key, and the file that it was read from.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHA256:{}", self.id())?;
        match &self.file {
            Some(file) => write!(f, " = {}", shown(file)),
            None => Ok(()),
        }
    }
}

impl KeyPair {
    /// Makes a pair from the system's random numbers.
    ///
    /// # Errors
    /// Returns [`CertificateError::Random`] where the system has none.
    pub fn generate() -> Result<Self, CertificateError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(CertificateError::Random)?;
        let secret = SecretKey(SigningKey::from_bytes(&seed));
        Ok(Self {
            public: secret.public(),
            secret,
        })
    }

    /// Writes both keys as new files; only its owner may read the private one.
    ///
    /// # Errors
    /// Returns [`CertificateError::Run`] where a file exists already or the disk refuses.
    pub fn save(&self, disk: &Disk, secret: &Path, public: &Path) -> Result<(), CertificateError> {
        disk.write_secret(secret, self.secret.pem(secret)?.as_bytes())?;
        let written = self
            .public
            .pem(public)
            .and_then(|pem| Ok(disk.write_new(public, pem.as_bytes())?));
        if written.is_err() {
            // Half a pair is of no use; the error at hand is the one to tell.
            let _ = disk.remove_file(secret);
        }
        written
    }
}

impl SecretKey {
    /// Reads a private key from a PKCS#8 PEM file.
    ///
    /// # Errors
    /// Returns [`CertificateError::Run`] where the file cannot be read, and [`CertificateError::Key`] with
    /// what is wrong in it.
    pub fn load(path: &Path) -> Result<Self, CertificateError> {
        let text = text(path)?;
        SigningKey::from_pkcs8_pem(&text)
            .map(Self)
            .map_err(|error| {
                unusable(
                    path,
                    format!(
                        "expected an Ed25519 private key in PEM (made by `keygen`), found: {error}"
                    ),
                )
            })
    }

    /// Returns a warning where others than its owner may use a private key's file; `None` where they may not.
    pub fn exposed(path: &Path) -> Option<String> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = path.metadata().ok()?.permissions().mode() & 0o777;
            let path = shown(path);
            (mode & 0o077 != 0).then(|| {
                format!("{path}: others than its owner may use this private key (mode {mode:03o}); `chmod 600 {path}` keeps them out")
            })
        }
        #[cfg(not(unix))]
        None
    }

    /// Returns the public key that checks this key's signatures.
    pub fn public(&self) -> PublicKey {
        PublicKey {
            key: self.0.verifying_key(),
            file: None,
        }
    }

    /// Signs a message; the signature has 64 bytes.
    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }

    fn pem(&self, path: &Path) -> Result<String, CertificateError> {
        // Without the public half: OpenSSL reads only this form.
        let bytes = KeypairBytes {
            secret_key: self.0.to_bytes(),
            public_key: None,
        };
        let pem = bytes.to_pkcs8_pem(LineEnding::LF);
        let pem = pem.map_err(|error| unusable(path, error.to_string()))?;
        Ok(pem.as_str().to_owned())
    }
}

impl PublicKey {
    /// Reads a public key from an SPKI PEM file.
    ///
    /// # Errors
    /// Returns [`CertificateError::Run`] where the file cannot be read, and [`CertificateError::Key`] with
    /// what is wrong in it.
    pub fn load(path: &Path) -> Result<Self, CertificateError> {
        let text = text(path)?;
        VerifyingKey::from_public_key_pem(&text)
            .map(|key| Self {
                key,
                file: Some(path.to_owned()),
            })
            .map_err(|error| {
                unusable(
                    path,
                    format!(
                        "expected an Ed25519 public key in PEM (made by `keygen`), found: {error}"
                    ),
                )
            })
    }

    /// Returns the SHA-256 of the 32 bytes of the key, as 64 hexadecimal digits.
    pub fn id(&self) -> String {
        hex(self.key.as_bytes())
    }

    /// Returns true if the private half of this key made a signature of a message.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify_strict(message, &signature).is_ok())
    }

    fn pem(&self, path: &Path) -> Result<String, CertificateError> {
        let pem = self.key.to_public_key_pem(LineEnding::LF);
        pem.map_err(|error| unusable(path, error.to_string()))
    }
}

fn text(path: &Path) -> Result<String, CertificateError> {
    let bytes = files::read(path, LIMIT)?;
    String::from_utf8(bytes).map_err(|_| unusable(path, "expected a key in PEM, found binary data"))
}

fn unusable(path: &Path, problem: impl Into<String>) -> CertificateError {
    CertificateError::Key {
        path: path.to_owned(),
        problem: problem.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_from_their_files_and_are_not_overwritten() {
        let home = tempfile::tempdir().unwrap();
        let (secret, public) = (home.path().join("k.pem"), home.path().join("k.pub.pem"));
        let pair = KeyPair::generate().unwrap();
        pair.save(&Disk::default(), &secret, &public).unwrap();
        let signature = SecretKey::load(&secret).unwrap().sign(b"words");
        let read = PublicKey::load(&public).unwrap();
        assert_eq!(read.id(), pair.public.id());
        assert!(read.verifies(b"words", &signature) && !read.verifies(b"other", &signature));
        let kept = std::fs::read(&secret).unwrap();
        assert!(
            KeyPair::generate()
                .unwrap()
                .save(&Disk::default(), &secret, &public)
                .is_err()
        );
        assert_eq!(std::fs::read(&secret).unwrap(), kept);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&secret).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn half_a_pair_is_not_left_behind() {
        let home = tempfile::tempdir().unwrap();
        let (secret, public) = (home.path().join("k.pem"), home.path().join("k.pub.pem"));
        std::fs::write(&public, "mine").unwrap();
        assert!(
            KeyPair::generate()
                .unwrap()
                .save(&Disk::default(), &secret, &public)
                .is_err()
        );
        assert!(!secret.exists() && std::fs::read(&public).unwrap() == b"mine");
    }

    #[test]
    fn a_file_that_is_no_key_says_what_was_expected() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("no.pem");
        for bytes in [b"hello" as &[u8], &[0xff, 0xfe], b""] {
            std::fs::write(&path, bytes).unwrap();
            let error = PublicKey::load(&path).unwrap_err().to_string();
            assert!(
                error.contains("no.pem") && error.contains("expected"),
                "{error}"
            );
            assert!(SecretKey::load(&path).is_err());
        }
    }
}
