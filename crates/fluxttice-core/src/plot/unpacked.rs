//! Pictures by their pixels: how a PNG file packs them depends on the library that does it.

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder};

/// Most bytes of pixels that are unpacked: a small file may claim any size.
const MOST: usize = 64 << 20;

/// Returns true if two PNG files have the same pixels and nothing else, however they are packed.
pub fn same_picture(one: &[u8], other: &[u8]) -> bool {
    one == other || unpacked(one).is_some_and(|pixels| unpacked(other) == Some(pixels))
}

/// Returns the size and the pixels of a PNG file in the form of [`png`](super::png()); `None` where it is none, or
/// has anything beside them.
fn unpacked(bytes: &[u8]) -> Option<((u32, u32), Vec<u8>)> {
    has_only_pixels(bytes)?;
    let mut reader = Decoder::new(Cursor::new(bytes)).read_info().ok()?;
    let is_ours = reader.output_color_type() == (ColorType::Rgb, BitDepth::Eight);
    let size = reader
        .output_buffer_size()
        .filter(|size| is_ours && *size <= MOST)?;
    let mut pixels = vec![0; size];
    reader.next_frame(&mut pixels).ok()?;
    // To the checksum of the end.
    reader.finish().ok()?;
    Some((reader.info().size(), pixels))
}

/// Checks that a PNG file has a header, pixels and an end, and nothing else.
fn has_only_pixels(bytes: &[u8]) -> Option<()> {
    const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
    const CHECKSUM: usize = 4;
    let mut rest = bytes.strip_prefix(SIGNATURE)?;
    loop {
        let (length, after) = rest.split_first_chunk()?;
        let length = u32::from_be_bytes(*length) as usize;
        let (kind, after) = after.split_first_chunk::<4>()?;
        rest = after.get(length.checked_add(CHECKSUM)?..)?;
        match kind {
            b"IHDR" | b"IDAT" => {}
            b"IEND" => return (length == 0 && rest.is_empty()).then_some(()),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use png::{Compression, Encoder};

    use super::*;

    fn packed(pixels: &[u8], compression: Compression, note: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 8, 4);
        encoder.set_color(ColorType::Rgb);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(compression);
        if note {
            encoder
                .add_text_chunk("Comment".to_owned(), "hidden".to_owned())
                .unwrap();
        }
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(pixels).unwrap();
        writer.finish().unwrap();
        bytes
    }

    #[test]
    fn a_picture_is_its_pixels_and_nothing_beside_them() {
        let pixels: Vec<u8> = (0..96).collect();
        let one = packed(&pixels, Compression::High, false);
        let other = packed(&pixels, Compression::NoCompression, false);
        assert!(one != other && same_picture(&one, &other));
        let mut moved = pixels.clone();
        moved[50] ^= 1;
        assert!(!same_picture(
            &one,
            &packed(&moved, Compression::High, false)
        ));
        assert!(!same_picture(
            &one,
            &packed(&pixels, Compression::High, true)
        ));
        assert!(!same_picture(&one, &[other.as_slice(), b"more"].concat()));
        assert!(!same_picture(&one, b""));
        for place in 0..other.len() {
            let mut flipped = other.clone();
            flipped[place] ^= 1;
            assert!(
                !same_picture(&one, &flipped),
                "byte {place} of {}",
                other.len()
            );
        }
    }
}
