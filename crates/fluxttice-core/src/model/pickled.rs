//! Weights as a file that PyTorch loads (`torch.load`, also with `weights_only=True`): a ZIP archive of a pickle
//! and one entry for each tensor's numbers.
//!
//! The pickle is of protocol 2, whose instructions are those of Python's `pickletools`. Its calls are the ones
//! that `torch.save` writes.

use std::io::{self, Cursor, Write};

use serde_json::{Map, Value};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::weights::{SKIP_A, Weights};
use crate::numbers::count32;

/// Folder in the archive; PyTorch takes any.
const FOLDER: &str = "archive";
/// Key of the weights among the others of the original's checkpoints.
const MODEL: &str = "model";

/// Writes weights, and beside them what else a checkpoint of the original has.
///
/// # Errors
/// Returns the error of the archive's library; it gives none for fewer than 65,536 tensors of less than 4 GiB.
pub fn to_pytorch(weights: &Weights, beside: &Map<String, Value>) -> io::Result<Vec<u8>> {
    let tensors = weights.named();
    let mut pickle = Pickle(vec![0x80, 2]);
    pickle.op(b'}').op(b'(');
    pickle.text(MODEL);
    pickle
        .global("collections", "OrderedDict")
        .op(b')')
        .op(b'R')
        .op(b'(');
    for (number, (name, shape, numbers)) in tensors.iter().enumerate() {
        pickle.text(name);
        pickle.tensor(number, shape, numbers.len());
    }
    pickle.op(b'u');
    for (key, value) in beside {
        pickle.text(key).value(value);
    }
    if weights.architecture.skip_a {
        let (key, note) = SKIP_A;
        pickle.text(key).text(note);
    }
    pickle.op(b'u').op(b'.');
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    let mut put = |name: &str, bytes: &[u8]| -> io::Result<()> {
        archive.start_file(format!("{FOLDER}/{name}"), options)?;
        archive.write_all(bytes)
    };
    put("data.pkl", &pickle.0)?;
    put("byteorder", b"little")?;
    for (number, (_, _, numbers)) in tensors.iter().enumerate() {
        let bytes: Vec<u8> = numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        put(&format!("data/{number}"), &bytes)?;
    }
    put("version", b"3\n")?;
    Ok(archive.finish()?.into_inner())
}

/// A pickle as it is written.
struct Pickle(Vec<u8>);

impl Pickle {
    fn op(&mut self, op: u8) -> &mut Self {
        self.0.push(op);
        self
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        let length = count32(text.len()).to_le_bytes();
        self.op(b'X').bytes(&length).bytes(text.as_bytes())
    }

    fn whole(&mut self, number: i64) -> &mut Self {
        match i32::try_from(number) {
            Ok(number) => self.op(b'J').bytes(&number.to_le_bytes()),
            // A number of eight bytes.
            Err(_) => self.op(0x8a).op(8).bytes(&number.to_le_bytes()),
        }
    }

    fn global(&mut self, module: &str, name: &str) -> &mut Self {
        let named = format!("c{module}\n{name}\n");
        self.bytes(named.as_bytes())
    }

    fn tuple(&mut self, numbers: &[usize]) -> &mut Self {
        self.op(b'(');
        for number in numbers {
            self.whole(i64::from(count32(*number)));
        }
        self.op(b't')
    }

    /// Writes the call that makes a tensor of the numbers in the entry with this number, row by row.
    fn tensor(&mut self, number: usize, shape: &[usize], length: usize) -> &mut Self {
        let strides: Vec<usize> = (1..=shape.len())
            .map(|from| shape[from..].iter().product())
            .collect();
        self.global("torch._utils", "_rebuild_tensor_v2").op(b'(');
        self.op(b'(')
            .text("storage")
            .global("torch", "FloatStorage");
        self.text(&number.to_string()).text("cpu");
        self.whole(i64::from(count32(length))).op(b't').op(b'Q');
        self.whole(0).tuple(shape).tuple(&strides);
        // Needs no gradient, and has no hooks.
        self.op(0x89)
            .global("collections", "OrderedDict")
            .op(b')')
            .op(b'R');
        self.op(b't').op(b'R')
    }

    fn value(&mut self, value: &Value) -> &mut Self {
        match value {
            Value::Null => self.op(b'N'),
            Value::Bool(true) => self.op(0x88),
            Value::Bool(false) => self.op(0x89),
            Value::String(text) => self.text(text),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => self.whole(whole),
                None => {
                    let number = number.as_f64().unwrap_or(f64::NAN);
                    self.op(b'G').bytes(&number.to_be_bytes())
                }
            },
            Value::Array(values) => {
                self.op(b']').op(b'(');
                for value in values {
                    self.value(value);
                }
                self.op(b'e')
            }
            Value::Object(entries) => {
                self.op(b'}').op(b'(');
                for (key, value) in entries {
                    self.text(key).value(value);
                }
                self.op(b'u')
            }
        }
    }
}
