//! The signed envelope: DSSE, version 1.
//!
//! <https://github.com/secure-systems-lab/dsse/blob/master/protocol.md>

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Serialize};

use super::keys::{PublicKey, SecretKey};

/// Media type of the payload, an in-toto statement.
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// A DSSE envelope; fields that the protocol does not name are ignored, as it asks for.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signed>,
}

#[derive(Serialize, Deserialize)]
struct Signed {
    /// Identifier of the key that may have signed. A hint that no signature covers, so nothing rests on it.
    #[serde(default)]
    keyid: Option<String>,
    sig: String,
}

/// Signs a statement and returns the envelope as JSON text.
pub fn envelope(statement: &[u8], key: &SecretKey) -> Vec<u8> {
    let envelope = Envelope {
        payload: STANDARD.encode(statement),
        payload_type: PAYLOAD_TYPE.to_owned(),
        signatures: vec![Signed {
            keyid: Some(key.public().id()),
            sig: STANDARD.encode(key.sign(&encoded(statement))),
        }],
    };
    let mut text = serde_json::to_string_pretty(&envelope).unwrap_or_default();
    text.push('\n');
    text.into_bytes()
}

/// Returns the bytes that are signed: DSSE's pre-authentication encoding of type and payload.
fn encoded(payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {PAYLOAD_TYPE} {} ",
        PAYLOAD_TYPE.len(),
        payload.len()
    );
    [head.as_bytes(), payload].concat()
}

/// An envelope that was read, and whose signatures were not checked yet.
pub struct Opened {
    /// Payload of the envelope, decoded from base64.
    pub statement: Vec<u8>,
    signatures: Vec<Vec<u8>>,
}

impl Opened {
    /// Returns true if this key made one of the signatures.
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
/// Returns a text that says what was expected and what was found.
pub fn open(bytes: &[u8]) -> Result<Opened, String> {
    let envelope: Envelope = serde_json::from_slice(bytes)
        .map_err(|error| format!("expected a DSSE envelope, found: {error}"))?;
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(format!(
            "expected a payload of type {PAYLOAD_TYPE}, found {}",
            envelope.payload_type
        ));
    }
    let decoded = envelope.signatures.iter().map(|signed| decode(&signed.sig));
    // A signature that cannot be read is nobody's, and takes nothing from the others.
    let signatures: Vec<Vec<u8>> = decoded.flatten().filter(|sig| !sig.is_empty()).collect();
    if signatures.is_empty() {
        return Err("expected at least one signature, found none that can be read".to_owned());
    }
    Ok(Opened {
        statement: decode(&envelope.payload)
            .map_err(|error| format!("expected a payload in base64, found: {error}"))?,
        signatures,
    })
}

/// Decodes base64 in either alphabet, padded or not, because the protocol lets a signer choose.
fn decode(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    let alphabet = match text.contains(['-', '_']) {
        true => &alphabet::URL_SAFE,
        false => &alphabet::STANDARD,
    };
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config).decode(text)
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

    #[test]
    fn what_the_protocol_leaves_open_is_accepted() {
        use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
        let pair = KeyPair::generate().unwrap();
        // Bytes whose base64 has both letters in which the alphabets differ, and padding.
        let payload: &[u8] = "{\"\":\"?~>ÿ\u{fb}\u{ff}>\"}".as_bytes();
        let (sig, plain) = (
            pair.secret.sign(&encoded(payload)),
            STANDARD.encode(payload),
        );
        assert!(
            plain.contains(['+', '/']) && plain.ends_with('='),
            "{plain}"
        );
        for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
            let (payload, sig) = (engine.encode(payload), engine.encode(sig));
            for keyid in ["", r#""keyid": null,"#, r#""keyid": "other","#] {
                let text = format!(
                    r#"{{"payload": "{payload}", "payloadType": "{PAYLOAD_TYPE}", "note": 1,
                    "signatures": [{{{keyid} "sig": "{sig}", "cert": {{}}}}]}}"#
                );
                assert!(
                    open(text.as_bytes()).unwrap().signed_by(&pair.public),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn signatures_that_are_nobodys_take_nothing_from_a_true_one_and_make_none() {
        let pair = KeyPair::generate().unwrap();
        let sig = STANDARD.encode(pair.secret.sign(&encoded(b"{}")));
        let with = |signatures: &str| {
            let text = format!(
                r#"{{"payload": "e30=", "payloadType": "{PAYLOAD_TYPE}", "signatures": [{signatures}]}}"#
            );
            open(text.as_bytes()).map(|opened| opened.signed_by(&pair.public))
        };
        let (good, zeros) = (format!(r#"{{"sig": "{sig}"}}"#), STANDARD.encode([0; 64]));
        for other in ["", "?", "AAAA", &zeros] {
            let other = format!(r#"{{"keyid": "anybody", "sig": "{other}"}}"#);
            assert_eq!(with(&format!("{other}, {good}, {good}")), Ok(true));
            assert_ne!(with(&other), Ok(true));
        }
        let none = with("").unwrap_err();
        assert!(none.contains("at least one signature"), "{none}");
    }
}
