#include "CGraphs.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

// A graph is three lines here and one in the table; a test tells of files that are missing.

static const unsigned char ddim[] = {
#embed "../../Graphs/samplers/ddim.yaml"
};
static const unsigned char ddpm[] = {
#embed "../../Graphs/samplers/ddpm.yaml"
};
static const unsigned char deis[] = {
#embed "../../Graphs/samplers/deis.yaml"
};
static const unsigned char dpm_solver_singlestep[] = {
#embed "../../Graphs/samplers/dpm-solver-singlestep.yaml"
};
static const unsigned char dpm_solver[] = {
#embed "../../Graphs/samplers/dpm-solver.yaml"
};
static const unsigned char dpm2_ancestral[] = {
#embed "../../Graphs/samplers/dpm2-ancestral.yaml"
};
static const unsigned char dpm2[] = {
#embed "../../Graphs/samplers/dpm2.yaml"
};
static const unsigned char dpmpp_2m_sde[] = {
#embed "../../Graphs/samplers/dpmpp-2m-sde.yaml"
};
static const unsigned char dpmpp_2m[] = {
#embed "../../Graphs/samplers/dpmpp-2m.yaml"
};
static const unsigned char dpmpp_3m[] = {
#embed "../../Graphs/samplers/dpmpp-3m.yaml"
};
static const unsigned char dpmpp_singlestep[] = {
#embed "../../Graphs/samplers/dpmpp-singlestep.yaml"
};
static const unsigned char euler_ancestral[] = {
#embed "../../Graphs/samplers/euler-ancestral.yaml"
};
static const unsigned char euler[] = {
#embed "../../Graphs/samplers/euler.yaml"
};
static const unsigned char heun[] = {
#embed "../../Graphs/samplers/heun.yaml"
};
static const unsigned char lcm[] = {
#embed "../../Graphs/samplers/lcm.yaml"
};
static const unsigned char lms[] = {
#embed "../../Graphs/samplers/lms.yaml"
};
static const unsigned char plms[] = {
#embed "../../Graphs/samplers/plms.yaml"
};
static const unsigned char tcd[] = {
#embed "../../Graphs/samplers/tcd.yaml"
};
static const unsigned char unipc[] = {
#embed "../../Graphs/samplers/unipc.yaml"
};

#define GRAPH(name, place) {"samplers/" place ".yaml", name, sizeof name}

static const cg_graph graphs[] = {
  GRAPH(ddim, "ddim"),
  GRAPH(ddpm, "ddpm"),
  GRAPH(deis, "deis"),
  GRAPH(dpm_solver_singlestep, "dpm-solver-singlestep"),
  GRAPH(dpm_solver, "dpm-solver"),
  GRAPH(dpm2_ancestral, "dpm2-ancestral"),
  GRAPH(dpm2, "dpm2"),
  GRAPH(dpmpp_2m_sde, "dpmpp-2m-sde"),
  GRAPH(dpmpp_2m, "dpmpp-2m"),
  GRAPH(dpmpp_3m, "dpmpp-3m"),
  GRAPH(dpmpp_singlestep, "dpmpp-singlestep"),
  GRAPH(euler_ancestral, "euler-ancestral"),
  GRAPH(euler, "euler"),
  GRAPH(heun, "heun"),
  GRAPH(lcm, "lcm"),
  GRAPH(lms, "lms"),
  GRAPH(plms, "plms"),
  GRAPH(tcd, "tcd"),
  GRAPH(unipc, "unipc"),
};

const cg_graph *cg_graphs(size_t *count) {
  *count = sizeof graphs / sizeof *graphs;
  return graphs;
}
