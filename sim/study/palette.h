/* One colour a design, the same in every figure and page: Okabe and Ito's palette, which
 * colour-blind readers tell apart, and darker shades and browns of it for the designs beyond eight.
 * Figures add a dash pattern and a marker (plots/palette.inc.gp reads the same table). */
#ifndef GCR_SIM_STUDY_PALETTE_H
#define GCR_SIM_STUDY_PALETTE_H

#include <stdint.h>

/* 0xRRGGBB, by the back end's name before the first ':' of DESIGN. Grey for one not in the table.
 */
uint32_t gcr_palette_colour(const char *design);

#endif
