#pragma once

#include <bit>
#include <cstring>

namespace busway {

// Sixteen bytes looked at in one step: what finds the next telling byte of a text. Comparisons are `block == '"'` and `block <
// 0x20`, bytes taken as signed: what is below 0x20 is a control character or no ASCII. They give a block of all ones or zeros a
// byte, to be joined with
// `|` and asked by bits_of(). SSE2 is the baseline of x86-64; elsewhere the compiler does with what there is.
using ByteBlock = signed char __attribute__((vector_size(16)));

// The sixteen bytes at `at`, all of which may be read.
inline ByteBlock load_block(const char* at) {
  ByteBlock block;
  std::memcpy(&block, at, sizeof block);
  return block;
}

inline void store_block(char* at, ByteBlock block) {
  std::memcpy(at, &block, sizeof block);
}

// Bit n is the top bit of byte n: of a comparison, whether it held there.
inline unsigned bits_of(ByteBlock block) {
#if defined(__SSE2__)
  using Chars = char __attribute__((vector_size(16)));
  return static_cast<unsigned>(__builtin_ia32_pmovmskb128(std::bit_cast<Chars>(block)));
#else
  unsigned bits = 0;
  for (int n = 0; n < 16; ++n) bits |= static_cast<unsigned>(block[n] < 0) << n;
  return bits;
#endif
}

}  // namespace busway
