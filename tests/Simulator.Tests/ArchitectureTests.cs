using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using NetArchTest.Rules;

namespace Simulator.Tests;

/// <summary>Dependencies run one way, and only Compute knows Torch (docs/decisions and the solution's folders tell why).</summary>
public sealed class ArchitectureTests
{
    /// <summary>What each project refers to; what those refer to is implied.</summary>
    private static readonly Dictionary<string, string[]> References = new(StringComparer.Ordinal)
    {
        ["Simulator.Environment"] = [],
        ["Simulator.Protocol"] = [],
        ["Simulator.Telemetry"] = [],
        ["Simulator.Compute"] = ["Simulator.Protocol", "Simulator.Telemetry"],
        ["Simulator.Agents"] = ["Simulator.Compute", "Simulator.Environment", "Simulator.Telemetry"],
        ["Simulator.Master"] = ["Simulator.Compute", "Simulator.Environment", "Simulator.Telemetry"],
        ["Simulator.Cells"] = ["Simulator.Agents", "Simulator.Master"],
        ["Simulator.Lab"] = ["Simulator.Cells"],
        ["Simulator"] = ["Simulator.Lab"],
    };

    private const string Torch = "TorchSharp";

    private static readonly Dictionary<string, string[]> Forbidden = new(StringComparer.Ordinal)
    {
        ["Simulator.Environment"] = ["Akka", Torch, "Spectre.Console"],
        ["Simulator.Protocol"] = [Torch, "Spectre.Console"],
        ["Simulator.Telemetry"] = ["Akka", Torch, "Spectre.Console"],
        ["Simulator.Compute"] = ["Spectre.Console"],
        ["Simulator.Agents"] = [Torch, "Spectre.Console"],
        ["Simulator.Master"] = [Torch, "Spectre.Console"],
        ["Simulator.Cells"] = [Torch, "Spectre.Console"],
        ["Simulator.Lab"] = [Torch, "Spectre.Console"],
        ["Simulator"] = [Torch],
    };

    internal static readonly string Root = FindRoot();

    public static TheoryData<string> Projects => [.. References.Keys];

    [Fact]
    public void Every_source_project_has_its_place_in_the_order()
    {
        Assert.Equal(References.Keys.Order(StringComparer.Ordinal), ProjectFiles("src").Select(ProjectName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_reaches_those_below_it_and_no_other(string project)
    {
        var declared = ProjectFiles("src").ToDictionary(ProjectName, DeclaredReferences, StringComparer.Ordinal);

        Assert.Equal(Reachable(project, References).Order(StringComparer.Ordinal), Reachable(project, declared).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_s_types_use_no_library_that_is_kept_from_it(string project)
    {
        var result = Types.InAssembly(AssemblyOf(project)).ShouldNot().HaveDependencyOnAny(Forbidden[project]).GetResult();

        Assert.True(result.IsSuccessful, $"of {string.Join(" or ", Forbidden[project])}: {string.Join(", ", result.FailingTypeNames ?? [])}");
    }

    [Fact]
    public void A_use_of_a_library_is_seen_where_there_is_one()
    {
        var users = Types.InAssembly(typeof(ArchitectureTests).Assembly).That().HaveDependencyOnAny(Torch, "NetArchTest").GetTypes();

        Assert.Contains(typeof(ArchitectureTests), users);
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void An_assembly_refers_to_no_library_that_is_kept_from_it(string project)
    {
        var kept = Forbidden[project];
        var used = AssemblyOf(project).GetReferencedAssemblies().Select(name => name.Name!).Where(name => kept.Any(k => IsOrIsWithin(name, k)));

        Assert.Empty(used);
    }

    [Fact]
    public void Nothing_that_Compute_shows_is_of_Torch()
    {
        var exposed = AssemblyOf("Simulator.Compute").GetExportedTypes()
            .SelectMany(type => Shown(type).Where(shown => Parts(shown.Type).Any(part => part.Assembly.GetName().Name == Torch)).Select(shown => $"{type}: {shown.Member}"));

        Assert.Empty(exposed);
    }

    [Fact]
    public void A_type_of_Torch_is_found_wherever_a_member_may_hide_it()
    {
        var found = Shown(typeof(Sample)).Where(shown => Parts(shown.Type).Any(part => part == typeof(Uri))).Select(shown => shown.Member);

        Assert.Equal(
            "Argument Changed Field Inherited Itself Parameter Property Result new",
            string.Join(' ', found.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Public_types_lie_in_the_namespace_of_their_project(string project)
    {
        var elsewhere = AssemblyOf(project).GetExportedTypes().Where(type =>
            !IsOrIsWithin(type.Namespace ?? "", project)
            || References.Keys.Any(other => other.Length > project.Length && IsOrIsWithin(type.Namespace ?? "", other)));

        Assert.Empty(elsewhere);
    }

    [Fact]
    public void The_solution_lists_every_project()
    {
        var listed = Regex.Matches(File.ReadAllText(Path.Combine(Root, "Simulator.sln")), "\"(?<path>[^\"]+\\.csproj)\"", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10))
            .Select(match => match.Groups["path"].Value.Replace('\\', '/'));
        var present = new[] { "src", "tests", "benchmarks" }.SelectMany(ProjectFiles).Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'));

        Assert.Equal(present.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    private static Assembly AssemblyOf(string project)
    {
        var name = project == "Simulator" ? "simulator" : project;
        return Assembly.Load(new AssemblyName(name));
    }

    private static bool IsOrIsWithin(string name, string outer) => name == outer || name.StartsWith(outer + ".", StringComparison.Ordinal);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Simulator.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds Simulator.sln.");
    }

    private static IEnumerable<string> ProjectFiles(string folder)
    {
        var path = Path.Combine(Root, folder);
        return Directory.Exists(path)
            ? Directory.EnumerateDirectories(path).SelectMany(project => Directory.EnumerateFiles(project, "*.csproj"))
            : [];
    }

    private static string ProjectName(string path) => Path.GetFileNameWithoutExtension(path);

    private static string[] DeclaredReferences(string path) =>
        [.. XDocument.Load(path).Descendants("ProjectReference").Select(reference => ProjectName(reference.Attribute("Include")!.Value.Replace('\\', '/')))];

    private static HashSet<string> Reachable(string project, Dictionary<string, string[]> references)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>(references[project]);
        while (open.TryPop(out var next))
        {
            if (reached.Add(next))
            {
                Array.ForEach(references[next], open.Push);
            }
        }

        return reached;
    }

    /// <summary>The types by which others can see or inherit a type, with the member that shows each.</summary>
    private static IEnumerable<(string Member, Type Type)> Shown(Type type)
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

        IEnumerable<(string, Type)> self = type.GetInterfaces()
            .Concat(type.BaseType is { } parent ? [parent] : [])
            .Concat(type.GetGenericArguments().SelectMany(argument => argument.GetGenericParameterConstraints()))
            .Select(shown => ("Itself", shown));
        var fields = type.GetFields(All).Where(field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly).Select(field => (field.Name, field.FieldType));
        // Accessors of properties and events are methods too; their names lose the prefix.
        var methods = type.GetMethods(All).Where(IsVisible).SelectMany(method => method.GetParameters().Select(parameter => parameter.ParameterType)
            .Append(method.ReturnType)
            .Concat(method.GetGenericArguments().SelectMany(argument => argument.GetGenericParameterConstraints()))
            .Select(shown => (method.IsSpecialName ? method.Name[(method.Name.IndexOf('_', StringComparison.Ordinal) + 1)..] : method.Name, shown)));
        var constructors = type.GetConstructors(All).Where(IsVisible)
            .SelectMany(constructor => constructor.GetParameters().Select(parameter => ("new", parameter.ParameterType)));
        return self.Concat(fields).Concat(methods).Concat(constructors);
    }

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    /// <summary>A type with its elements and its arguments: Dictionary&lt;int, Tensor[]&gt; has a part Tensor.</summary>
    private static IEnumerable<Type> Parts(Type type) =>
        type.HasElementType ? Parts(type.GetElementType()!) : type.GetGenericArguments().SelectMany(Parts).Append(type);

#pragma warning disable CA1051, CA1003, CA1822, CA1852, CS0067, CS0649, MA0046, MA0041 // Every way in which a class can show a type, good style or not.
    private class Sample : List<Uri>
    {
        public Lazy<Uri[]>? Field;

        protected Sample(Uri uri)
        {
            Property = uri;
        }

        public event Action<Uri>? Changed;

        public Uri Property { get; protected set; }

        public Dictionary<int, Uri>? Result() => null;

        public void Parameter(ref Uri uri) => uri = Property;

        public void Argument<T>(T value)
            where T : Uri
        {
        }

        protected virtual Uri? Inherited() => null;

        internal Uri? Unseen() => null;

        private Uri? Hidden() => null;
    }
#pragma warning restore
}
