//! Sizes of variable-length integers: seven bits a byte, the lowest first. Signed ones are
//! zigzag-encoded before, so that small negative numbers stay short.

/// Bytes that `value` takes as an unsigned varint.
pub const fn unsigned_varint_size(value: u32) -> usize {
    // Zero takes one byte as well, hence the lowest bit.
    let bits = 32 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// Bytes that `value` takes as a zigzag varint.
pub const fn varint_size(value: i32) -> usize {
    unsigned_varint_size(zigzag(value))
}

/// Bytes that `value` takes as a zigzag varlong.
pub const fn varlong_size(value: i64) -> usize {
    let bits = 64 - (zigzag_long(value) | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

pub(super) const fn zigzag(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)) as u32
}

pub(super) const fn zigzag_long(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

pub(super) const fn unzigzag(value: u32) -> i32 {
    (value >> 1) as i32 ^ -((value & 1) as i32)
}

pub(super) const fn unzigzag_long(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}
