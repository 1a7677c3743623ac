using System;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Copies ELF files and marks one symbol version that they need as weak in the copies, so that the loader accepts a system library without it. A file that
/// is no 64-bit little-endian ELF, or does not need the version, or has it marked already, is copied as it is. Compiled within the build
/// against .NET Standard 2.0 (WeakSymbolVersion.targets).
/// Structures: System V ABI, gABI 4.1, chapter 4; Linux Standard Base Core 5.0, section 10.7 (symbol versioning).
/// </summary>
public class WeakenSymbolVersion : Task
{
    private const uint SectionIsVersionNeeds = 0x6ffffffe; // SHT_GNU_verneed
    private const int VersionIsWeak = 0x2; // VER_FLG_WEAK

    [Required]
    public ITaskItem[] Sources { get; set; }

    /// <summary>A path for each source.</summary>
    [Required]
    public ITaskItem[] Destinations { get; set; }

    [Required]
    public string SymbolVersion { get; set; }

    public override bool Execute()
    {
        for (var i = 0; i < Sources.Length; i++)
        {
            CopyWeakened(Sources[i].ItemSpec, Destinations[i].ItemSpec);
        }

        return !Log.HasLoggedErrors;
    }

    private void CopyWeakened(string source, string destination)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(destination)));
        var temporary = destination + "." + Guid.NewGuid().ToString("N") + ".tmp";
        try
        {
            // A copy keeps the Unix mode; its flags are set in place, and the rename leaves no moment with half a file.
            File.Copy(source, temporary);
            File.SetAttributes(temporary, FileAttributes.Normal);
            try
            {
                Weaken(source, temporary);
            }
            catch (InvalidDataException e)
            {
                Log.LogWarning(null, "SIM0001", null, source, 0, 0, 0, 0, "{0} was not marked weak, the file is copied as it is: {1}", SymbolVersion, e.Message);
            }

            // Younger than the package's file and than any output folder's link to it: that is how the copying targets see that it changed.
            File.SetLastWriteTimeUtc(temporary, DateTime.UtcNow);
            if (File.Exists(destination))
            {
                File.Delete(destination);
            }

            File.Move(temporary, destination);
        }
        catch (Exception e) when (e is IOException || e is UnauthorizedAccessException)
        {
            Log.LogError("{0} could not be copied to {1}: {2}", source, destination, e.Message);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private void Weaken(string source, string path)
    {
        var file = new Image(File.ReadAllBytes(path));
        if (!file.IsElf64LittleEndian)
        {
            Log.LogMessage(MessageImportance.Low, "{0} is no 64-bit little-endian ELF file.", source);
            return;
        }

        var flags = FindFlags(file);
        if (flags < 0 || (file.UInt16(flags) & VersionIsWeak) != 0)
        {
            Log.LogMessage(MessageImportance.Low, "{0} does not need {1}, or needs it weakly.", source, SymbolVersion);
            return;
        }

        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Write))
        {
            var weak = file.UInt16(flags) | VersionIsWeak;
            stream.Seek(flags, SeekOrigin.Begin);
            stream.WriteByte((byte)weak);
            stream.WriteByte((byte)(weak >> 8));
        }

        Log.LogMessage(MessageImportance.Normal, "{0}: {1} marked weak at offset 0x{2:x}.", source, SymbolVersion, flags);
    }

    /// <summary>The offset of vna_flags of the version, -1 where no library of the file needs it.</summary>
    private long FindFlags(Image file)
    {
        long sections = file.Offset(0x28); // e_shoff
        long sectionSize = file.UInt16(0x3a); // e_shentsize
        long sectionCount = file.UInt16(0x3c); // e_shnum
        for (long i = 0; i < sectionCount; i++)
        {
            var section = sections + (i * sectionSize);
            if (file.UInt32(section + 0x04) != SectionIsVersionNeeds) // sh_type
            {
                continue;
            }

            var names = sections + (file.UInt32(section + 0x28) * sectionSize); // sh_link: the string table
            var nameStart = file.Offset(names + 0x18); // sh_offset
            var need = file.Offset(section + 0x18);
            long needCount = file.UInt32(section + 0x2c); // sh_info
            uint next = 1;
            for (long n = 0; n < needCount && next != 0; n++)
            {
                // Elf64_Verneed: vn_version u16, vn_cnt u16, vn_file u32, vn_aux u32, vn_next u32.
                var entry = need + file.UInt32(need + 8);
                int entryCount = file.UInt16(need + 2);
                for (var a = 0; a < entryCount; a++)
                {
                    // Elf64_Vernaux: vna_hash u32, vna_flags u16, vna_other u16, vna_name u32, vna_next u32.
                    if (file.HasName(nameStart + file.UInt32(entry + 8), SymbolVersion))
                    {
                        return entry + 4;
                    }

                    entry += file.UInt32(entry + 12);
                }

                next = file.UInt32(need + 12);
                need += next;
            }
        }

        return -1;
    }

    /// <summary>A file's bytes; whoever reads outside of them gets an <see cref="InvalidDataException"/>.</summary>
    private sealed class Image
    {
        private readonly byte[] _bytes;

        public Image(byte[] bytes)
        {
            _bytes = bytes;
        }

        // e_ident: magic, ELFCLASS64, ELFDATA2LSB.
        public bool IsElf64LittleEndian =>
            _bytes.Length >= 6 && _bytes[0] == 0x7f && _bytes[1] == 'E' && _bytes[2] == 'L' && _bytes[3] == 'F' && _bytes[4] == 2 && _bytes[5] == 1;

        public int UInt16(long offset)
        {
            Need(offset, 2);
            return _bytes[offset] | (_bytes[offset + 1] << 8);
        }

        public uint UInt32(long offset)
        {
            return (uint)UInt16(offset) | ((uint)UInt16(offset + 2) << 16);
        }

        /// <summary>A 64-bit field that holds a place in the file.</summary>
        public long Offset(long offset)
        {
            var value = UInt32(offset) | ((ulong)UInt32(offset + 4) << 32);
            if (value > (ulong)_bytes.Length)
            {
                throw new InvalidDataException("the field at 0x" + offset.ToString("x") + " points past the end of the file");
            }

            return (long)value;
        }

        public bool HasName(long offset, string name)
        {
            var expected = Encoding.ASCII.GetBytes(name + "\0");
            Need(offset, 1);
            for (var i = 0; i < expected.Length; i++)
            {
                if (offset + i >= _bytes.Length || _bytes[offset + i] != expected[i])
                {
                    return false;
                }
            }

            return true;
        }

        private void Need(long offset, int count)
        {
            if (offset < 0 || offset + count > _bytes.Length)
            {
                throw new InvalidDataException("a structure at 0x" + offset.ToString("x") + " lies outside of the file");
            }
        }
    }
}
