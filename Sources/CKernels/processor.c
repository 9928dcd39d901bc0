#include "CKernels.h"

#if defined(__x86_64__)

#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

bool ck_has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

bool ck_has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}

bool ck_has_avx512_bf16(void) { return ck_has_avx512() && __builtin_cpu_supports("avx512bf16"); }

// Threads save eight kilobytes more where tiles are used, so a process has to ask for them, once for all its threads.
static bool may_use_tiles(void) {
#if defined(__linux__)
  enum { request_permission = 0x1023, tile_data = 18 };
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
  return false;
#endif
}

bool ck_has_amx_bf16(void) {
  enum { amx_bf16 = 1 << 22, amx_tile = 1 << 24, needed = amx_bf16 | amx_tile };
  unsigned a, b, c, d;
  const bool has_tiles = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & needed) == needed;
  return has_tiles && __builtin_cpu_supports("avx512dq") && ck_has_avx512_bf16() && may_use_tiles();
}

#else

bool ck_has_avx2(void) { return false; }
bool ck_has_avx512(void) { return false; }
bool ck_has_avx512_bf16(void) { return false; }
bool ck_has_amx_bf16(void) { return false; }

#endif
