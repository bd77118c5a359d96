// Which pair kernels this processor gets.
#include "pairs.h"

nt_pair nt_pair_of(nt_variant variant, nt_element element, nt_metric metric) {
  if (element > NT_ELEMENT_BIT || metric > NT_METRIC_JACCARD) return NULL;
  switch (variant) {
    case NT_VARIANT_SCALAR:
      return nt_pairs_scalar.of[element][metric];
#if defined(__x86_64__)
    case NT_VARIANT_AVX2:
      if (nt_kernels_of(variant) == NULL || !__builtin_cpu_supports("f16c")) return NULL;
      return nt_pairs_avx2.of[element][metric];
    case NT_VARIANT_AVX512:
      if (nt_kernels_of(variant) == NULL) return NULL;
      if (element != NT_ELEMENT_BIT) return nt_pairs_avx512.of[element][metric];
      return __builtin_cpu_supports("avx512vpopcntdq") ? nt_pairs_popcount.of[element][metric] : NULL;
#elif defined(__aarch64__)
    case NT_VARIANT_NEON:
      return nt_pairs_neon.of[element][metric];
#endif
    default:
      return NULL;
  }
}

nt_pair nt_pair_best(nt_element element, nt_metric metric) {
  for (int variant = NT_VARIANT_NEON; variant > NT_VARIANT_SCALAR; variant--) {
    nt_pair pair = nt_pair_of((nt_variant)variant, element, metric);
    if (pair != NULL) return pair;
  }
  return nt_pair_of(NT_VARIANT_SCALAR, element, metric);
}
