//! `keygen`: makes a pair of keys, to sign certificates with and to check them.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use fluxttice_core::certificate::KeyPair;
use fluxttice_core::run::Disk;

use super::{Done, json_line, line, note};
use crate::cli::{Global, KeygenArgs};

/// Generates a pair of keys and writes both files.
pub fn run(global: &Global, args: &KeygenArgs) -> Done {
    let with = |suffix: &str| {
        let mut path = args.out.clone().into_os_string();
        path.push(suffix);
        PathBuf::from(path)
    };
    let (secret, public) = (with(".key.pem"), with(".pub.pem"));
    let pair = KeyPair::generate()?;
    pair.save(&Disk::default(), &secret, &public)?;
    if global.json {
        json_line(&json!({ "secret": secret, "public": public, "id": pair.public.id() }))?;
    } else {
        line(&format!("{} {}", pair.public.id(), public.display()))?;
        if !global.quiet {
            note(&format!(
                "{} signs (keep it to yourself), {} checks (give it away)",
                secret.display(),
                public.display()
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}
