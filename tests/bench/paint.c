/* SPDX-License-Identifier: PostgreSQL */
/* What ncurses itself needs to repaint: CPU per frame and bytes per frame for N changed cells.
 *
 *   paint FRAMES CELLS [erase]     on a terminal; figures go to stderr as one JSON line
 *     CELLS   how many cells change each frame, in runs of 6 (a number in a column)
 *     erase   redraw the whole screen into ncurses each frame (erase + rewrite), as a simple program does
 */
#include <locale.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
    int frames = argc > 1 ? atoi(argv[1]) : 100, cells = argc > 2 ? atoi(argv[2]) : 200, erase_all = argc > 3;
    setlocale(LC_ALL, "");
    initscr();
    curs_set(0);
    int runs_per_row = COLS / 12, runs = runs_per_row * LINES, want = cells / 6;
    int *value = calloc(runs, sizeof *value);
    srand(1);
    double start = 0;
    for (int f = 0; f <= frames; f++) {
        if (f == 1) start = cpu_ms();           /* the first frame fills the screen */
        if (f == 0)
            for (int i = 0; i < runs; i++) value[i] = 100000 + rand() % 900000;
        else
            for (int k = 0; k < want; k++) value[(int) ((long) k * runs / want)] = 100000 + rand() % 900000;
        if (erase_all) erase();
        for (int i = 0; i < runs; i++) mvprintw(i / runs_per_row, i % runs_per_row * 12, "%-5s %06d", "cell", value[i]);
        refresh();
    }
    double spent = cpu_ms() - start;
    endwin();
    fprintf(stderr, "{\"cells\": %d, \"erase\": %d, \"cpu_ms_per_frame\": %.4f}\n", cells, erase_all, spent / frames);
    return 0;
}
