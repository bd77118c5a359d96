// Which kernels this processor gets.
#include "variants.h"

const nt_kernels *nt_kernels_of(nt_variant variant) {
  switch (variant) {
    case NT_VARIANT_SCALAR:
      return &nt_scalar;
#if defined(__x86_64__)
    case NT_VARIANT_AVX2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("popcnt") ? &nt_avx2
                                                                                                                : NULL;
    case NT_VARIANT_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
                     __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni")
                 ? &nt_avx512
                 : NULL;
#elif defined(__aarch64__)
    case NT_VARIANT_NEON:
      return &nt_neon;
#endif
    default:
      return NULL;
  }
}

const nt_kernels *nt_kernels_best(void) {
  static const nt_kernels *best = NULL;
  const nt_kernels *known = __atomic_load_n(&best, __ATOMIC_RELAXED);
  if (known != NULL) return known;
  known = &nt_scalar;
  for (int variant = NT_VARIANT_AVX2; variant <= NT_VARIANT_NEON; variant++) {
    const nt_kernels *kernels = nt_kernels_of((nt_variant)variant);
    if (kernels != NULL) known = kernels;
  }
  __atomic_store_n(&best, known, __ATOMIC_RELAXED);
  return known;
}
