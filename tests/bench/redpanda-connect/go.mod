module bench

go 1.23

require github.com/redpanda-data/benthos/v4 v4.60.0
