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
static const unsigned char comfyui_ddim[] = {
#embed "../../Graphs/samplers/comfyui/ddim.yaml"
};
static const unsigned char comfyui_ddpm[] = {
#embed "../../Graphs/samplers/comfyui/ddpm.yaml"
};
static const unsigned char comfyui_deis[] = {
#embed "../../Graphs/samplers/comfyui/deis.yaml"
};
static const unsigned char comfyui_dpm_2[] = {
#embed "../../Graphs/samplers/comfyui/dpm_2.yaml"
};
static const unsigned char comfyui_dpm_2_ancestral[] = {
#embed "../../Graphs/samplers/comfyui/dpm_2_ancestral.yaml"
};
static const unsigned char comfyui_dpm_fast[] = {
#embed "../../Graphs/samplers/comfyui/dpm_fast.yaml"
};
static const unsigned char comfyui_dpmpp_2m[] = {
#embed "../../Graphs/samplers/comfyui/dpmpp_2m.yaml"
};
static const unsigned char comfyui_dpmpp_2m_cfg_pp[] = {
#embed "../../Graphs/samplers/comfyui/dpmpp_2m_cfg_pp.yaml"
};
static const unsigned char comfyui_dpmpp_2m_sde[] = {
#embed "../../Graphs/samplers/comfyui/dpmpp_2m_sde.yaml"
};
static const unsigned char comfyui_dpmpp_2m_sde_heun[] = {
#embed "../../Graphs/samplers/comfyui/dpmpp_2m_sde_heun.yaml"
};
static const unsigned char comfyui_dpmpp_2s_ancestral[] = {
#embed "../../Graphs/samplers/comfyui/dpmpp_2s_ancestral.yaml"
};
static const unsigned char comfyui_dpmpp_3m_sde[] = {
#embed "../../Graphs/samplers/comfyui/dpmpp_3m_sde.yaml"
};
static const unsigned char comfyui_dpmpp_sde[] = {
#embed "../../Graphs/samplers/comfyui/dpmpp_sde.yaml"
};
static const unsigned char comfyui_er_sde[] = {
#embed "../../Graphs/samplers/comfyui/er_sde.yaml"
};
static const unsigned char comfyui_euler[] = {
#embed "../../Graphs/samplers/comfyui/euler.yaml"
};
static const unsigned char comfyui_euler_ancestral[] = {
#embed "../../Graphs/samplers/comfyui/euler_ancestral.yaml"
};
static const unsigned char comfyui_euler_ancestral_cfg_pp[] = {
#embed "../../Graphs/samplers/comfyui/euler_ancestral_cfg_pp.yaml"
};
static const unsigned char comfyui_euler_cfg_pp[] = {
#embed "../../Graphs/samplers/comfyui/euler_cfg_pp.yaml"
};
static const unsigned char comfyui_gradient_estimation[] = {
#embed "../../Graphs/samplers/comfyui/gradient_estimation.yaml"
};
static const unsigned char comfyui_heun[] = {
#embed "../../Graphs/samplers/comfyui/heun.yaml"
};
static const unsigned char comfyui_ipndm[] = {
#embed "../../Graphs/samplers/comfyui/ipndm.yaml"
};
static const unsigned char comfyui_ipndm_v[] = {
#embed "../../Graphs/samplers/comfyui/ipndm_v.yaml"
};
static const unsigned char comfyui_lcm[] = {
#embed "../../Graphs/samplers/comfyui/lcm.yaml"
};
static const unsigned char comfyui_lms[] = {
#embed "../../Graphs/samplers/comfyui/lms.yaml"
};
static const unsigned char comfyui_res_multistep[] = {
#embed "../../Graphs/samplers/comfyui/res_multistep.yaml"
};
static const unsigned char comfyui_res_multistep_ancestral[] = {
#embed "../../Graphs/samplers/comfyui/res_multistep_ancestral.yaml"
};
static const unsigned char comfyui_uni_pc[] = {
#embed "../../Graphs/samplers/comfyui/uni_pc.yaml"
};
static const unsigned char comfyui_uni_pc_bh2[] = {
#embed "../../Graphs/samplers/comfyui/uni_pc_bh2.yaml"
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
  GRAPH(comfyui_ddim, "comfyui/ddim"),
  GRAPH(comfyui_ddpm, "comfyui/ddpm"),
  GRAPH(comfyui_deis, "comfyui/deis"),
  GRAPH(comfyui_dpm_2, "comfyui/dpm_2"),
  GRAPH(comfyui_dpm_2_ancestral, "comfyui/dpm_2_ancestral"),
  GRAPH(comfyui_dpm_fast, "comfyui/dpm_fast"),
  GRAPH(comfyui_dpmpp_2m, "comfyui/dpmpp_2m"),
  GRAPH(comfyui_dpmpp_2m_cfg_pp, "comfyui/dpmpp_2m_cfg_pp"),
  GRAPH(comfyui_dpmpp_2m_sde, "comfyui/dpmpp_2m_sde"),
  GRAPH(comfyui_dpmpp_2m_sde_heun, "comfyui/dpmpp_2m_sde_heun"),
  GRAPH(comfyui_dpmpp_2s_ancestral, "comfyui/dpmpp_2s_ancestral"),
  GRAPH(comfyui_dpmpp_3m_sde, "comfyui/dpmpp_3m_sde"),
  GRAPH(comfyui_dpmpp_sde, "comfyui/dpmpp_sde"),
  GRAPH(comfyui_er_sde, "comfyui/er_sde"),
  GRAPH(comfyui_euler, "comfyui/euler"),
  GRAPH(comfyui_euler_ancestral, "comfyui/euler_ancestral"),
  GRAPH(comfyui_euler_ancestral_cfg_pp, "comfyui/euler_ancestral_cfg_pp"),
  GRAPH(comfyui_euler_cfg_pp, "comfyui/euler_cfg_pp"),
  GRAPH(comfyui_gradient_estimation, "comfyui/gradient_estimation"),
  GRAPH(comfyui_heun, "comfyui/heun"),
  GRAPH(comfyui_ipndm, "comfyui/ipndm"),
  GRAPH(comfyui_ipndm_v, "comfyui/ipndm_v"),
  GRAPH(comfyui_lcm, "comfyui/lcm"),
  GRAPH(comfyui_lms, "comfyui/lms"),
  GRAPH(comfyui_res_multistep, "comfyui/res_multistep"),
  GRAPH(comfyui_res_multistep_ancestral, "comfyui/res_multistep_ancestral"),
  GRAPH(comfyui_uni_pc, "comfyui/uni_pc"),
  GRAPH(comfyui_uni_pc_bh2, "comfyui/uni_pc_bh2"),
};

const cg_graph *cg_graphs(size_t *count) {
  *count = sizeof graphs / sizeof *graphs;
  return graphs;
}
