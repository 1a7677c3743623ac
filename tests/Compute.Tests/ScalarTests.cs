using System.Reflection;
using TorchSharp;

namespace Simulator.Compute.Tests;

/// <summary>
/// TorchSharp lets a garbage collection free a Scalar that a running operation reads (see <see cref="Scalars"/>). Which of its methods make one shows in its compiled code: their
/// calls are followed down to the conversions from numbers.
/// </summary>
public sealed class ScalarTests
{
    private const BindingFlags Everything = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly HashSet<MethodBase> MakersOfScalars = FindMakers();

    [Fact]
    public void The_search_knows_operations_that_make_scalars_and_some_that_do_not()
    {
        var tensor = typeof(torch.Tensor);
        Assert.Contains(tensor.GetMethod("square")!, MakersOfScalars);
        Assert.Contains(tensor.GetMethod("add_", [tensor])!, MakersOfScalars);
        Assert.Contains(tensor.GetMethod("op_Addition", [tensor, tensor])!, MakersOfScalars);
        Assert.DoesNotContain(tensor.GetMethod("add_", [tensor, typeof(Scalar)])!, MakersOfScalars);
        Assert.DoesNotContain(tensor.GetMethod("mul", [tensor])!, MakersOfScalars);
    }

    [Fact]
    public void No_operation_of_the_banks_makes_a_scalar_that_could_be_collected() => Check(typeof(Bank).Assembly);

    [Fact]
    public void Nor_does_one_of_their_tests() => Check(typeof(ScalarTests).Assembly);

    private static void Check(Assembly assembly)
    {
        var found = Methods(assembly)
            .Where(m => m.Name != ".cctor") // What a static field holds is never collected.
            .SelectMany(m => Calls(m).Where(MakersOfScalars.Contains).Select(c => $"{m.DeclaringType}.{m.Name} calls {c.DeclaringType?.Name}.{c}"));

        Assert.Empty(found);
    }

    private static HashSet<MethodBase> FindMakers()
    {
        var calls = Methods(typeof(torch).Assembly).ToDictionary(m => m, Calls);
        var makers = calls.Keys.Where(IsConversion).ToHashSet();
        int before;
        do
        {
            before = makers.Count;
            makers.UnionWith(calls.Where(m => m.Value.Overlaps(makers)).Select(m => m.Key).ToList());
        }
        while (makers.Count > before);
        return makers;
    }

    private static bool IsConversion(MethodBase method) =>
        method is MethodInfo { IsStatic: true } made && made.ReturnType == typeof(Scalar);

    private static IEnumerable<MethodBase> Methods(Assembly assembly) =>
        assembly.GetTypes().SelectMany(t => t.GetMethods(Everything).Cast<MethodBase>().Concat(t.GetConstructors(Everything)));

    /// <summary>The methods that a method's code calls: operands of call, callvirt and newobj. A byte of another operand can be taken for one of these; its token then names no method.</summary>
    private static HashSet<MethodBase> Calls(MethodBase method)
    {
        var calls = new HashSet<MethodBase>();
        var code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        var type = method.DeclaringType is { IsGenericType: true } t ? t.GetGenericArguments() : null;
        var own = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (var i = 0; i + 4 < code.Length; i++)
        {
            if (code[i] is 0x28 or 0x6F or 0x73 && BitConverter.ToInt32(code, i + 1) is var token && (token >> 24) is 0x06 or 0x0A or 0x2B)
            {
                try
                {
                    if (method.Module.ResolveMethod(token, type, own) is { } called)
                        calls.Add(called);
                }
                catch (Exception error) when (error is ArgumentException or BadImageFormatException or MissingMethodException or FileNotFoundException)
                {
                    // No method, or one of an assembly that is not there.
                }
            }
        }

        return calls;
    }
}
