using BenchmarkDotNet.Running;

// Within this process: the one that BenchmarkDotNet would generate ignores the solution's build files, and so gets a native library that does not load on older systems
// (docs/decisions/0002-weak-symbol-version.md).
BenchmarkSwitcher.FromAssembly(typeof(Simulator.Benchmarks.ScrapeBenchmarks).Assembly).Run(["--inProcess", .. args]);
