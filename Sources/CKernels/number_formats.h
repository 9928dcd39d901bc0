// How blocks of numbers become f32, for one kind of processor. number_formats.c includes this once for each, after defining
//
//   TARGET       the attribute for the instructions it takes
//   NAME(name)   the name of a function for it
//   LOOK_UP      16 table entries by the low halves of 16 bytes

// Every function writes the numbers of `count` blocks, one after the other. What is computed, in which order, is what the
// package gguf does in single precision (gguf/quants.py, dequantize_blocks), so the bits are the same; blocks are laid out
// as in ggml's ggml-common.h.

#define FORMAT(name) TARGET static void NAME(name)(const uint8_t *restrict block, float *restrict target, long count)

FORMAT(bf16) {
  for (long i = 0; i < count; i++) target[i] = float_of((uint32_t)u16_at(block + 2 * i) << 16);
}

// Exponents of 4 bits, biased by 7; no infinity, and only all ones is not a number.
FORMAT(f8_e4m3) {
  for (long i = 0; i < count; i++) {
    const uint32_t byte = block[i], magnitude = byte & 0x7F;
    const float normal = float_of((magnitude << 20) + (120u << 23));
    const float subnormal = (float)(int)magnitude * 0x1p-9f;
    const float number = magnitude < 8 ? subnormal : normal;
    const uint32_t bits = magnitude == 0x7F ? 0x7FC00000u : bits_of(number);
    target[i] = float_of(bits | (byte & 0x80) << 24);
  }
}

// The upper half of IEEE's binary16.
FORMAT(f8_e5m2) {
  for (long i = 0; i < count; i++) target[i] = half_of((uint32_t)block[i] << 8);
}

FORMAT(q8_0) {
  for (; count > 0; count--, block += 34, target += 32) {
    const float d = half_at(block);
    const int8_t *q = (const int8_t *)block + 2;
    for (int i = 0; i < 32; i++) target[i] = (float)q[i] * d;
  }
}

FORMAT(q4_0) {
  for (; count > 0; count--, block += 18, target += 32) {
    const float d = half_at(block);
    const uint8_t *q = block + 2;
    for (int i = 0; i < 16; i++) target[i] = d * (float)((q[i] & 15) - 8);
    for (int i = 0; i < 16; i++) target[i + 16] = d * (float)((q[i] >> 4) - 8);
  }
}

FORMAT(q4_1) {
  for (; count > 0; count--, block += 20, target += 32) {
    const float d = half_at(block), m = half_at(block + 2);
    const uint8_t *q = block + 4;
    for (int i = 0; i < 16; i++) target[i] = d * (float)(q[i] & 15) + m;
    for (int i = 0; i < 16; i++) target[i + 16] = d * (float)(q[i] >> 4) + m;
  }
}

FORMAT(q5_0) {
  for (; count > 0; count--, block += 22, target += 32) {
    const float d = half_at(block);
    const uint32_t high = u32_at(block + 2);
    const uint8_t *q = block + 6;
    for (int i = 0; i < 16; i++) target[i] = d * (float)((int)((q[i] & 15) | (high >> i & 1) << 4) - 16);
    for (int i = 0; i < 16; i++) target[i + 16] = d * (float)((int)((q[i] >> 4) | (high >> (i + 16) & 1) << 4) - 16);
  }
}

FORMAT(q5_1) {
  for (; count > 0; count--, block += 24, target += 32) {
    const float d = half_at(block), m = half_at(block + 2);
    const uint32_t high = u32_at(block + 4);
    const uint8_t *q = block + 8;
    for (int i = 0; i < 16; i++) target[i] = d * (float)(int)((q[i] & 15) | (high >> i & 1) << 4) + m;
    for (int i = 0; i < 16; i++) target[i + 16] = d * (float)(int)((q[i] >> 4) | (high >> (i + 16) & 1) << 4) + m;
  }
}

FORMAT(q2_k) {
  for (; count > 0; count--, block += 84, target += 256) {
    const uint8_t *scales = block, *q = block + 16;
    const float d = half_at(block + 80), dmin = half_at(block + 82);
    for (int part = 0; part < 16; part++) {
      const float scale = d * (float)(scales[part] & 15), m = dmin * (float)(scales[part] >> 4);
      const uint8_t *some = q + part / 8 * 32 + part % 2 * 16;
      const int shift = part % 8 / 2 * 2;
      for (int i = 0; i < 16; i++) target[16 * part + i] = scale * (float)(some[i] >> shift & 3) - m;
    }
  }
}

FORMAT(q3_k) {
  for (; count > 0; count--, block += 110, target += 256) {
    const uint8_t *high = block, *q = block + 32, *scales = block + 96;
    const float d = half_at(block + 108);
    for (int part = 0; part < 16; part++) {
      const int low_bits = part < 8 ? scales[part] & 15 : scales[part - 8] >> 4;
      const int high_bits = scales[8 + part % 4] >> part / 4 * 2 & 3;
      const float scale = d * (float)((low_bits | high_bits << 4) - 32);
      const uint8_t *some = q + part / 8 * 32 + part % 2 * 16, *bits = high + part % 2 * 16;
      const int shift = part % 8 / 2 * 2, bit = part / 2;
      // Four is taken away where the bit is not set.
      for (int i = 0; i < 16; i++) {
        target[16 * part + i] = scale * (float)((some[i] >> shift & 3) - ((~bits[i] >> bit & 1) << 2));
      }
    }
  }
}

// The scale and the minimum of part `part` of eight, six bits each.
#define SCALES_OF_K                                                                                        \
  const int scale_bits = part < 4 ? scales[part] & 63 : (scales[part + 4] & 15) | (scales[part - 4] >> 2 & 48); \
  const int min_bits = part < 4 ? scales[part + 4] & 63 : scales[part + 4] >> 4 | (scales[part] >> 2 & 48);     \
  const float scale = d * (float)scale_bits, m = dmin * (float)min_bits;

FORMAT(q4_k) {
  for (; count > 0; count--, block += 144, target += 256) {
    const float d = half_at(block), dmin = half_at(block + 2);
    const uint8_t *scales = block + 4, *q = block + 16;
    for (int part = 0; part < 8; part++) {
      SCALES_OF_K
      const uint8_t *some = q + part / 2 * 32;
      const int shift = part % 2 * 4;
      for (int i = 0; i < 32; i++) target[32 * part + i] = scale * (float)(some[i] >> shift & 15) - m;
    }
  }
}

FORMAT(q5_k) {
  for (; count > 0; count--, block += 176, target += 256) {
    const float d = half_at(block), dmin = half_at(block + 2);
    const uint8_t *scales = block + 4, *high = block + 16, *q = block + 48;
    for (int part = 0; part < 8; part++) {
      SCALES_OF_K
      const uint8_t *some = q + part / 2 * 32;
      const int shift = part % 2 * 4;
      for (int i = 0; i < 32; i++) {
        target[32 * part + i] = scale * (float)((some[i] >> shift & 15) | (high[i] >> part & 1) << 4) - m;
      }
    }
  }
}

FORMAT(q6_k) {
  for (; count > 0; count--, block += 210, target += 256) {
    const uint8_t *low = block, *high = block + 128;
    const int8_t *scales = (const int8_t *)block + 192;
    const float d = half_at(block + 208);
    for (int part = 0; part < 16; part++) {
      const float scale = d * (float)scales[part];
      const uint8_t *some = low + part / 8 * 64 + part % 4 * 16, *bits = high + part / 8 * 32 + part % 2 * 16;
      const int shift = part % 8 / 4 * 4, high_shift = part % 8 / 2 * 2;
      for (int i = 0; i < 16; i++) {
        target[16 * part + i] = scale * (float)(((some[i] >> shift & 15) | (bits[i] >> high_shift & 3) << 4) - 32);
      }
    }
  }
}

FORMAT(iq4_nl) {
  for (; count > 0; count--, block += 18, target += 32) {
    const float d = half_at(block);
    int8_t values[32];
    LOOK_UP(block + 2, values);
    for (int i = 0; i < 32; i++) target[i] = d * (float)values[i];
  }
}

FORMAT(iq4_xs) {
  for (; count > 0; count--, block += 136, target += 256) {
    const float d = half_at(block);
    const uint32_t high = u16_at(block + 2);
    const uint8_t *low = block + 4, *q = block + 8;
    for (int part = 0; part < 8; part++) {
      const int bits = (low[part / 2] >> part % 2 * 4 & 15) | (high >> 2 * part & 3) << 4;
      const float scale = d * (float)(bits - 32);
      int8_t values[32];
      LOOK_UP(q + 16 * part, values);
      for (int i = 0; i < 32; i++) target[32 * part + i] = scale * (float)values[i];
    }
  }
}

#undef FORMAT
#undef SCALES_OF_K
#undef TARGET
#undef NAME
#undef LOOK_UP
