#!/usr/bin/env bash
# generate_graph.sh STEPS DIRECTORY: one layered graph, three dependencies a step, written twice:
# DIRECTORY/graph.plan (a resource and a step of about 240 bytes each) and DIRECTORY/build.ninja.
# The steps have no way back, as ninja's have none; BENCH_OPERATION=file.write takes those that have.
# BENCH_DEPENDENCIES=after names the steps that a step depends on, as ninja's graph does; otherwise a
# step requires states, and who provides them is for the compiler to find and to prove.
set -euo pipefail
steps=$1 directory=$2 operation=${BENCH_OPERATION:-write_file} dependencies=${BENCH_DEPENDENCIES:-requires}
mkdir -p "$directory"
awk -v steps="$steps" -v directory="$directory" -v operation="$operation" \
    -v by_name="$([[ $dependencies == after ]] && echo 1 || echo 0)" '
    # Park and Miller (1988): the same graph on every machine.
    function draw(limit) { seed = (seed * 16807) % 2147483647; return seed % limit }
    BEGIN {
        seed = 42; width = 100
        # So that the steps are as long as those that require states.
        padding = ", behind three others of the one below it"
        plan = directory "/graph.plan"; ninja = directory "/build.ninja"
        print "plan \"generated\"\n\nuse std.file\n\nlet here = host { local: true }\n" >plan
        if (operation == "write_file") {
            print "operation write_file(f: file.file, content: string) on f.host {" >plan
            print "  ensures f.exists\n  ensures f.content == content\n  changes f.checksum" >plan
            print "  do { write(f.path, content) }\n  undo none\n}\n" >plan
        }
        print "rule touch\n  command = touch $out\n" >ninja
        for (i = 0; i < steps; i++) {
            printf "resource f%d = file.file(host: here, path: \"/srv/benchmark/layered/f%d\")\n", i, i >plan
            printf "step s%d = %s(f%d, \"content number %d\") {\n", i, operation, i, i >plan
            printf "build f%d: touch", i >ninja
            layer = int(i / width)
            for (k = 0; layer > 0 && k < 3; k++) {
                from = (layer - 1) * width + (draw(33) * 3 + k)
                if (by_name)
                    printf "%s s%d", k == 0 ? "  after" : ",", from >plan
                else
                    printf "  requires f%d.exists\n", from >plan
                printf " f%d", from >ninja
            }
            if (by_name && layer > 0)
                print "" >plan
            printf "  note \"file %d of the layer %d%s\"\n}\n", i % width, layer, by_name ? padding : "" >plan
            printf "\n" >ninja
        }
    }'
