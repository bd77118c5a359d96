// Every kernel of this machine against the scalar reference, and that against plain loops in double precision, at
// every length and alignment: what Tests/VectorIndexTests/Kernels checks, where Swift does not run. `make check-neon`
// runs it for AArch64 under QEMU; it runs on x86-64 too.
//
// kernel_check [seed [rounds]]: round k draws its values from seed + k.
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

// The best table is the last that the processor has, and every element has its metrics and no others.
static void check_dispatch(void) {
  nt_variant last = NT_VARIANT_SCALAR;
  for (int variant = 1; variant < VARIANTS; variant++) {
    const nt_kernels *kernels = nt_kernels_of((nt_variant)variant);
    if (kernels == NULL) continue;
    last = (nt_variant)variant;
    expect(kernels->variant, variant, 0);
  }
#if defined(__aarch64__)
  expect(last, NT_VARIANT_NEON, 0);
#endif
  now.kernel = "nt_kernels_best", now.variant = last;
  expect(nt_kernels_best()->variant, last, 0);
  expect_true(nt_kernels_best() == nt_kernels_of(last), "another table");
  now.kernel = "nt_pair_best";
  for (int element = 0; element < NT_ELEMENTS; element++)
    for (int metric = 0; metric < NT_METRICS; metric++) {
      const int is_for_bits = metric == NT_METRIC_HAMMING || metric == NT_METRIC_JACCARD;
      const int is_for_both = metric == NT_METRIC_DOT || metric == NT_METRIC_COSINE;
      const nt_pair best = nt_pair_best((nt_element)element, (nt_metric)metric);
      now.element = element_names[element], now.pattern = metric_names[metric];
      expect_true((best != NULL) == (is_for_both || is_for_bits == (element == NT_ELEMENT_BIT)),
                  "missing, or there without a meaning");
#if defined(__aarch64__)
      expect_true(best == nt_pair_of(NT_VARIANT_NEON, (nt_element)element, (nt_metric)metric), "not NEON's");
      expect_true(best == NULL || best != nt_pair_of(NT_VARIANT_SCALAR, (nt_element)element, (nt_metric)metric),
                  "the reference");
#endif
    }
  expect_true(nt_pair_best((nt_element)9, NT_METRIC_DOT) == NULL, "there for no element");
  expect_true(nt_pair_best(NT_ELEMENT_U8, (nt_metric)NT_METRICS) == NULL, "there for no metric");
}

int main(int argc, char **argv) {
  const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
  const long rounds = argc > 2 ? strtol(argv[2], NULL, 0) : 1;
  now = (comparison){"dispatch", "", "none", NT_VARIANT_SCALAR, 0, 0};
  make_fences();
  check_dispatch();
  for (long round = 0; round < rounds; round++) {
    state = seed + (uint64_t)round;
    check_pairs();
    check_codes();
    check_rows();
    check_encodings();
  }
  const char *best = variant_names[nt_kernels_best()->variant];
  printf("kernel_check: %s is the best; %lu comparisons from seed %llu, %ld rounds; %lu wrong\n", best, compared,
         (unsigned long long)seed, rounds, wrong);
  return wrong > 0;
}
