# SPDX-License-Identifier: GPL-2.0
# A program whose node leaves and returns: progress, threads and pages, with
# nothing done on the left, with the adaptor on the right. Of "omp".

set terminal svg size 1080,720 font 'DejaVu Sans,13' background '#ffffff' dynamic
set output file

node0 = '#3b6fb5'; node1 = '#e08a2e'; grey = '#666666'; shade = '#ececec'
set tics nomirror out scale 0.5 textcolor rgb grey
set border 3 linecolor rgb '#999999'
set style fill solid 1.0 noborder
longest = 0
do for [v in 'nothing adaptor'] {
	stats dir.'/'.v.'.step' using 1 nooutput
	longest = STATS_max > longest ? STATS_max : longest
}
set xrange [0:longest * 1.01]

# column and row of six, in shares of the picture
x0(c) = 0.075 + c * 0.475
top(r) = 0.86 - r * 0.27
place(c, r) = sprintf('set lmargin at screen %f; set rmargin at screen %f; set tmargin at screen %f; set bmargin at screen %f', \
	x0(c), x0(c) + 0.43, top(r), top(r) - 0.21)

set multiplot
set label 1 'One node of two leaves, and returns (shaded: its CPU is away)' at screen 0.5,0.965 center font ',16'
do for [c = 0:1] {
	v = word('nothing adaptor', c + 1)
	set label 2 (c ? 'with the adaptor' : 'nothing done').', '.compiler at screen x0(c) + 0.215,0.905 center font ',14'
	span = system('cat '.dir.'/'.v.'.away')
	away = real(word(span, 1)); back = real(word(span, 2))
	set object 1 rectangle from first away, graph 0 to first back, graph 1 fillcolor rgb shade fillstyle solid 1.0 noborder behind

	eval place(c, 0)
	set format x ''; unset xlabel
	set yrange [0:105]; set ytics 0,25,100
	if (!c) { set ylabel 'work done, %' offset 1 textcolor rgb grey } else { unset ylabel }
	set key on top left Left reverse samplen 1.5 vertical textcolor rgb grey
	plot dir.'/'.v.'.ideal' with lines lw 1.5 dt 2 lc rgb '#888888' title 'as its CPUs allow', \
		dir.'/'.v.'.step' with lines lw 2.5 lc rgb '#2a2a2a' title 'the program'
	unset label 1; unset label 2

	eval place(c, 1)
	set yrange [0:3]; set ytics 0,1,2
	if (!c) { set ylabel 'threads' offset 1 textcolor rgb grey }
	set key on top right Left reverse samplen 1 horizontal
	plot dir.'/'.v.'.sample' using 1:($2 + $3) with fillsteps lc rgb node1 title 'node 1', \
		'' using 1:2 with fillsteps lc rgb node0 title 'node 0'

	eval place(c, 2)
	set format x '%g'; set xlabel 'seconds' textcolor rgb grey
	set autoscale y; set yrange [0:*]; set ytics auto
	stats dir.'/'.v.'.sample' using ($4 + $5) nooutput
	set yrange [0:STATS_max * 1.15]; set ytics 0,ceil(STATS_max / 3.0)
	if (!c) { set ylabel 'pages, MiB' offset 1 textcolor rgb grey }
	unset key
	plot dir.'/'.v.'.sample' using 1:($4 + $5) with fillsteps lc rgb node1 title 'node 1', \
		'' using 1:4 with fillsteps lc rgb node0 title 'node 0'
}
unset multiplot
