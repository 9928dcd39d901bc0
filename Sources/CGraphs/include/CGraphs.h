// Graphs of Graphs/samplers that are part of the program, so that workflow files in any folder can call them.
#pragma once
#include <stddef.h>

typedef struct {
  /// Its place below Graphs, such as samplers/euler.yaml.
  const char *name;
  const unsigned char *text;
  size_t size;
} cg_graph;

/// All of them, in the order of their names.
const cg_graph *cg_graphs(size_t *count);
