//! The signed envelope: DSSE, version 1.
//!
//! <https://github.com/secure-systems-lab/dsse/blob/master/protocol.md>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::keys::{PublicKey, SecretKey};

/// Type of the payload: an in-toto statement.
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signed>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    keyid: String,
    sig: String,
}

/// The envelope of a statement.
pub fn envelope(statement: &[u8], key: &SecretKey) -> Vec<u8> {
    let envelope = Envelope {
        payload: STANDARD.encode(statement),
        payload_type: PAYLOAD_TYPE.to_owned(),
        signatures: vec![Signed {
            keyid: key.public().id(),
            sig: STANDARD.encode(key.sign(&encoded(statement))),
        }],
    };
    let mut text = serde_json::to_string_pretty(&envelope).unwrap_or_default();
    text.push('\n');
    text.into_bytes()
}

/// What is signed: DSSE's pre-authentication encoding of type and payload.
fn encoded(payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {PAYLOAD_TYPE} {} ",
        PAYLOAD_TYPE.len(),
        payload.len()
    );
    [head.as_bytes(), payload].concat()
}

/// An envelope that was read.
pub struct Opened {
    /// The payload.
    pub statement: Vec<u8>,
    /// Ids of the keys that signed, as the envelope claims.
    pub claimed: Vec<String>,
    signatures: Vec<Vec<u8>>,
}

impl Opened {
    /// Whether one of the signatures is this key's.
    pub fn signed_by(&self, key: &PublicKey) -> bool {
        let message = encoded(&self.statement);
        self.signatures
            .iter()
            .any(|signature| key.verifies(&message, signature))
    }
}

/// Opens an envelope without trusting it.
///
/// # Errors
/// What was expected and what was found.
pub fn open(bytes: &[u8]) -> Result<Opened, String> {
    let envelope: Envelope = serde_json::from_slice(bytes)
        .map_err(|error| format!("expected a DSSE envelope, found: {error}"))?;
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(format!(
            "expected a payload of type {PAYLOAD_TYPE}, found {}",
            envelope.payload_type
        ));
    }
    let decode = |text: &str| {
        STANDARD
            .decode(text)
            .map_err(|error| format!("expected base64, found: {error}"))
    };
    Ok(Opened {
        statement: decode(&envelope.payload)?,
        claimed: envelope
            .signatures
            .iter()
            .map(|signed| signed.keyid.clone())
            .collect(),
        signatures: envelope
            .signatures
            .iter()
            .map(|signed| decode(&signed.sig))
            .collect::<Result<_, _>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::keys::KeyPair;

    #[test]
    fn what_is_signed_is_the_pre_authentication_encoding() {
        // The protocol's own example has type http://example.com/HelloWorld; lengths are in bytes.
        assert_eq!(
            encoded("ü".as_bytes()),
            "DSSEv1 28 application/vnd.in-toto+json 2 ü".as_bytes()
        );
    }

    #[test]
    fn an_envelope_opens_for_its_own_key_only() {
        let (mine, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let bytes = envelope(b"{}", &mine.secret);
        let opened = open(&bytes).unwrap();
        assert_eq!(opened.statement, b"{}");
        assert_eq!(opened.claimed, [mine.public.id()]);
        assert!(opened.signed_by(&mine.public));
        assert!(!opened.signed_by(&other.public));
    }

    #[test]
    fn a_changed_payload_is_not_signed() {
        let pair = KeyPair::generate().unwrap();
        let text = String::from_utf8(envelope(b"{\"a\":1}", &pair.secret)).unwrap();
        let changed = text.replace(
            &STANDARD.encode(b"{\"a\":1}"),
            &STANDARD.encode(b"{\"a\":2}"),
        );
        assert_ne!(text, changed);
        assert!(!open(changed.as_bytes()).unwrap().signed_by(&pair.public));
    }
}
