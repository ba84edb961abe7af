import "ts-node"
