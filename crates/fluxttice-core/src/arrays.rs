//! Arrays of numbers as NumPy stores them (`.npy`, format versions 1 to 3), read and written without it.
//!
//! The format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use std::io::{Cursor, Write};

use half::f16;
use thiserror::Error;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::numbers::{count16, count32, rounded, single};
use crate::shown::printable;

const MAGIC: &[u8] = b"\x93NUMPY";
/// Multiple of bytes at which the numbers begin.
const ALIGNED: usize = 64;
/// Longest header that is read, in bytes.
const LONGEST: usize = 64 << 10;
/// Most dimensions of an array.
const MOST_DIMENSIONS: usize = 32;

/// Numbers of an array, row by row.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// Numbers of any floating type.
    Floats(Vec<f64>),
    /// Numbers of any whole type.
    Whole(Vec<i64>),
}

/// Type in which the numbers of an array are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Floating numbers of 64 bits.
    Double,
    /// Floating numbers of 32 bits.
    Single,
    /// Whole numbers of 32 bits without a sign.
    Index,
}

/// An array.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Length of each dimension.
    pub shape: Vec<usize>,
    /// As many numbers as the shape has places, the last dimension fastest.
    pub numbers: Numbers,
}

/// Reason why some bytes are not an array of numbers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ArrayError {
    /// It does not begin as an array does.
    #[error("expected an array of NumPy (.npy), found something else")]
    Other,
    /// The header cannot be read.
    #[error("the header of the array: {0}")]
    Header(String),
    /// The numbers are of a kind that is not read.
    #[error("expected an array of numbers, found the type `{0}`")]
    Type(String),
    /// There are more or fewer bytes than the shape says.
    #[error("expected {expected} bytes for an array of the shape {shape:?}, found {found}")]
    Length {
        /// Shape by the header.
        shape: Vec<usize>,
        /// Bytes that the shape asks for.
        expected: String,
        /// Bytes that are there.
        found: usize,
    },
}

/// Returns true if bytes begin as an array of NumPy does.
pub fn is_array(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

impl Array {
    /// Reads the bytes of a `.npy` file.
    ///
    /// # Errors
    /// Returns an [`ArrayError`] that says what was expected.
    pub fn parse(bytes: &[u8]) -> Result<Self, ArrayError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(ArrayError::Other)?;
        let short = || ArrayError::Header("it ends too early".to_owned());
        let (version, rest) = rest.split_at_checked(2).ok_or_else(short)?;
        let (length, rest) = match version[0] {
            1 => rest
                .split_first_chunk()
                .map(|(length, rest)| (usize::from(u16::from_le_bytes(*length)), rest)),
            2 | 3 => rest
                .split_first_chunk()
                .map(|(length, rest)| (u32::from_le_bytes(*length) as usize, rest)),
            other => {
                let problem = format!("expected format version 1, 2 or 3, found {other}");
                return Err(ArrayError::Header(problem));
            }
        }
        .ok_or_else(short)?;
        if length > LONGEST {
            let problem = format!("{length} bytes; expected {LONGEST} at most");
            return Err(ArrayError::Header(problem));
        }
        let (header, data) = rest.split_at_checked(length).ok_or_else(short)?;
        let header = Header::parse(&String::from_utf8_lossy(header)).map_err(ArrayError::Header)?;
        header.read(data)
    }

    /// Returns the rows of an array of two dimensions, as floating numbers.
    ///
    /// # Errors
    /// Says what was expected and found.
    pub fn rows<const N: usize>(&self) -> Result<Vec<[f64; N]>, String> {
        match self.shape.as_slice() {
            [_, columns] if *columns == N => Ok(self.floats().as_chunks().0.to_vec()),
            other => Err(format!(
                "expected an array of the shape [rows, {N}], found {other:?}"
            )),
        }
    }

    /// Returns the numbers of rows and of columns of an array of two dimensions, and its floating numbers row by
    /// row.
    ///
    /// # Errors
    /// Says what was expected and found.
    pub fn table(&self) -> Result<(usize, usize, Vec<f64>), String> {
        match self.shape.as_slice() {
            [rows, columns] => Ok((*rows, *columns, self.floats())),
            other => Err(format!(
                "expected an array of the shape [rows, columns], found {other:?}"
            )),
        }
    }

    fn floats(&self) -> Vec<f64> {
        match &self.numbers {
            Numbers::Floats(numbers) => numbers.clone(),
            Numbers::Whole(numbers) => numbers.iter().map(|number| *number as f64).collect(),
        }
    }
}

/// Writes an array as the bytes of a `.npy` file (format version 1.0); numbers are rounded to the kind.
pub fn to_npy(shape: &[usize], numbers: impl Iterator<Item = f64>, kind: Kind) -> Vec<u8> {
    let descr = match kind {
        Kind::Double => "<f8",
        Kind::Single => "<f4",
        Kind::Index => "<u4",
    };
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let mut text = format!(
        "{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}{comma}), }}",
        lengths.join(", ")
    );
    let before = MAGIC.len() + 2 + 2;
    while !(before + text.len() + 1).is_multiple_of(ALIGNED) {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend(count16(text.len()).to_le_bytes());
    bytes.extend(text.bytes());
    for number in numbers {
        match kind {
            Kind::Double => bytes.extend(number.to_le_bytes()),
            Kind::Single => bytes.extend(single(number).to_le_bytes()),
            Kind::Index => bytes.extend(count32(rounded(number)).to_le_bytes()),
        }
    }
    bytes
}

/// Writes arrays, as the bytes of `.npy` files by their names, as the bytes of a `.npz` file. Equal arrays give
/// equal bytes.
///
/// # Errors
/// Returns the error of the archive's library; it gives none for fewer than 65,536 arrays of less than 4 GiB.
pub fn to_npz(arrays: &[(String, Vec<u8>)]) -> std::io::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    for (name, bytes) in arrays {
        archive.start_file(format!("{name}.npy"), options)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// Header of an array: type, order and shape.
#[derive(Debug, PartialEq, Eq)]
struct Header {
    descr: String,
    by_columns: bool,
    shape: Vec<usize>,
}

impl Header {
    /// Reads a header: a dictionary of Python with three entries.
    fn parse(text: &str) -> Result<Self, String> {
        let odd = || {
            format!(
                "expected descr, fortran_order and shape, found `{}`",
                printable(text.trim())
            )
        };
        let value = |key: &str| -> Option<&str> {
            let quoted = [format!("'{key}'"), format!("\"{key}\"")];
            let (_, rest) = quoted
                .iter()
                .find_map(|key| text.split_once(key.as_str()))?;
            Some(rest.trim_start().strip_prefix(':')?.trim_start())
        };
        let descr = value("descr").and_then(|rest| {
            let quote = rest.chars().next().filter(|c| "'\"".contains(*c))?;
            rest[1..].split_once(quote).map(|(descr, _)| descr)
        });
        let by_columns = value("fortran_order").and_then(|rest| match rest {
            _ if rest.starts_with("True") => Some(true),
            _ if rest.starts_with("False") => Some(false),
            _ => None,
        });
        let shape = value("shape").and_then(|rest| {
            let (inside, _) = rest.strip_prefix('(')?.split_once(')')?;
            let lengths = inside.split(',').map(str::trim);
            let lengths = lengths.filter(|length| !length.is_empty());
            let lengths: Option<Vec<usize>> = lengths
                .map(|length| length.trim_end_matches('L').parse().ok())
                .collect();
            lengths.filter(|shape| shape.len() <= MOST_DIMENSIONS)
        });
        match (descr, by_columns, shape) {
            (Some(descr), Some(by_columns), Some(shape)) => Ok(Self {
                descr: descr.to_owned(),
                by_columns,
                shape,
            }),
            // A type of several fields is no text in quotes.
            _ => Err(odd()),
        }
    }

    fn read(self, data: &[u8]) -> Result<Array, ArrayError> {
        let unknown = || ArrayError::Type(printable(&self.descr).into_owned());
        let (order, kind) = self.descr.split_at_checked(1).ok_or_else(unknown)?;
        let big = match order {
            "<" | "|" | "=" => false,
            ">" => true,
            _ => return Err(unknown()),
        };
        let size: usize = kind
            .get(1..)
            .and_then(|size| size.parse().ok())
            .ok_or_else(unknown)?;
        if !kind.starts_with(['f', 'i', 'u', 'b']) {
            return Err(unknown());
        }
        let places = self
            .shape
            .iter()
            .try_fold(1usize, |all, one| all.checked_mul(*one));
        let expected = places.and_then(|places| places.checked_mul(size));
        if expected != Some(data.len()) {
            return Err(ArrayError::Length {
                shape: self.shape,
                expected: expected.map_or_else(|| "too many".to_owned(), |bytes| bytes.to_string()),
                found: data.len(),
            });
        }
        let numbers = match (kind.chars().next(), size) {
            (Some('f'), 2) => floats(data, big, |it| f64::from(f16::from_le_bytes(it))),
            (Some('f'), 4) => floats(data, big, |it| f64::from(f32::from_le_bytes(it))),
            (Some('f'), 8) => floats(data, big, f64::from_le_bytes),
            (Some('i'), 1) => whole(data, big, |it: [u8; 1]| i64::from(i8::from_le_bytes(it))),
            (Some('i'), 2) => whole(data, big, |it| i64::from(i16::from_le_bytes(it))),
            (Some('i'), 4) => whole(data, big, |it| i64::from(i32::from_le_bytes(it))),
            (Some('i'), 8) => whole(data, big, i64::from_le_bytes),
            (Some('u' | 'b'), 1) => whole(data, big, |it: [u8; 1]| i64::from(it[0])),
            (Some('u'), 2) => whole(data, big, |it| i64::from(u16::from_le_bytes(it))),
            (Some('u'), 4) => whole(data, big, |it| i64::from(u32::from_le_bytes(it))),
            // One that is too large for a sign becomes the largest that is not.
            (Some('u'), 8) => whole(data, big, |it| {
                i64::try_from(u64::from_le_bytes(it)).unwrap_or(i64::MAX)
            }),
            _ => return Err(unknown()),
        };
        let numbers = match (self.by_columns, numbers) {
            (false, numbers) => numbers,
            (true, Numbers::Floats(numbers)) => Numbers::Floats(by_rows(&self.shape, &numbers)),
            (true, Numbers::Whole(numbers)) => Numbers::Whole(by_rows(&self.shape, &numbers)),
        };
        Ok(Array {
            shape: self.shape,
            numbers,
        })
    }
}

fn floats<const N: usize>(data: &[u8], big: bool, number: impl Fn([u8; N]) -> f64) -> Numbers {
    Numbers::Floats(little(data, big).map(number).collect())
}

fn whole<const N: usize>(data: &[u8], big: bool, number: impl Fn([u8; N]) -> i64) -> Numbers {
    Numbers::Whole(little(data, big).map(number).collect())
}

/// Returns the bytes of each number, the lowest first.
fn little<const N: usize>(data: &[u8], big: bool) -> impl Iterator<Item = [u8; N]> {
    data.as_chunks().0.iter().map(move |bytes: &[u8; N]| {
        let mut bytes = *bytes;
        if big {
            bytes.reverse();
        }
        bytes
    })
}

/// Puts numbers in order in which the first dimension is fastest into the order in which the last one is.
fn by_rows<T: Copy>(shape: &[usize], numbers: &[T]) -> Vec<T> {
    let mut strides = Vec::with_capacity(shape.len());
    let mut stride = 1;
    for length in shape {
        strides.push(stride);
        stride *= length;
    }
    let place = |mut row: usize| -> usize {
        let mut place = 0;
        for (length, stride) in shape.iter().zip(&strides).rev() {
            place += row % length * stride;
            row /= length;
        }
        place
    };
    (0..numbers.len()).map(|row| numbers[place(row)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of version 1 with this header and these bytes.
    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([1, 0]);
        bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
        bytes.extend(header.bytes());
        bytes.extend(data);
        bytes
    }

    fn of(descr: &str, shape: &str, data: &[u8]) -> Result<Array, ArrayError> {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
        Array::parse(&file(&header, data))
    }

    #[test]
    fn what_is_written_is_read_and_begins_at_a_multiple_of_64_bytes() {
        for (shape, kind) in [
            (vec![6], Kind::Double),
            (vec![2, 3], Kind::Single),
            (vec![3, 2], Kind::Index),
        ] {
            let bytes = to_npy(&shape, (0..6u32).map(f64::from), kind);
            let size = if kind == Kind::Double { 8 } else { 4 };
            assert_eq!((bytes.len() - 6 * size) % ALIGNED, 0);
            let read = Array::parse(&bytes).unwrap();
            assert_eq!(read.shape, shape);
            match (kind, read.numbers) {
                (Kind::Index, Numbers::Whole(numbers)) => assert_eq!(numbers, [0, 1, 2, 3, 4, 5]),
                (_, Numbers::Floats(numbers)) => {
                    assert_eq!(numbers, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn every_type_and_order_of_bytes_is_read() {
        let whole = |descr: &str, data: &[u8]| match of(descr, "(1,)", data).unwrap().numbers {
            Numbers::Whole(numbers) => numbers[0],
            other @ Numbers::Floats(_) => panic!("{other:?}"),
        };
        assert_eq!(whole("|i1", &[0xff]), -1);
        assert_eq!(whole("|u1", &[0xff]), 255);
        assert_eq!(whole("|b1", &[1]), 1);
        assert_eq!(whole("<i2", &[0xfe, 0xff]), -2);
        assert_eq!(whole(">i2", &[0xff, 0xfe]), -2);
        assert_eq!(whole("<u4", &[0, 0, 0, 0x80]), 1 << 31);
        assert_eq!(whole(">i8", &[0, 0, 0, 0, 0, 0, 1, 0]), 256);
        assert_eq!(whole("<u8", &[0xff; 8]), i64::MAX);
        for (descr, data) in [
            ("<f2", vec![0, 0x3e]),
            ("<f4", 1.5f32.to_le_bytes().to_vec()),
            (">f8", 1.5f64.to_be_bytes().to_vec()),
        ] {
            let read = of(descr, "()", &data).unwrap();
            assert_eq!(read.numbers, Numbers::Floats(vec![1.5]));
        }
    }

    #[test]
    fn an_array_by_columns_is_read_by_rows() {
        let header = "{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3), }";
        let read = Array::parse(&file(header, &[1, 4, 2, 5, 3, 6])).unwrap();
        assert_eq!(read.numbers, Numbers::Whole(vec![1, 2, 3, 4, 5, 6]));
        assert_eq!(
            read.rows::<3>().unwrap(),
            [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
        );
        assert!(read.rows::<2>().unwrap_err().contains("found [2, 3]"));
    }

    #[test]
    fn what_is_no_array_of_numbers_is_refused_in_a_sentence() {
        let message = |bytes: &[u8]| Array::parse(bytes).unwrap_err().to_string();
        assert!(message(b"PK\x03\x04").contains("something else"));
        assert!(message(b"\x93NUMPY\x01").contains("too early"));
        assert!(message(b"\x93NUMPY\x09\x00\x00\x00").contains("version"));
        assert!(message(b"\x93NUMPY\x02\x00\xff\xff\xff\xff").contains("at most"));
        assert!(
            message(&file("{'descr': [('a', '<f4')], 'shape': (1,)}", &[0; 4])).contains("descr")
        );
        let error =
            |descr: &str, shape: &str, data: &[u8]| of(descr, shape, data).unwrap_err().to_string();
        assert!(error("|O", "(1,)", &[0; 8]).contains("|O"));
        assert!(error("<U4", "(1,)", &[0; 4]).contains("<U4"));
        assert!(error("<f4", "(2,)", &[0; 4]).contains("expected 8 bytes"));
        let vast = "(18446744073709551615, 18446744073709551615)";
        assert!(error("<f4", vast, &[0; 4]).contains("too many"));
    }
}
